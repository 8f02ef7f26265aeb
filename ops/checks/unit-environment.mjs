import childProcess from 'node:child_process';
import net from 'node:net';
import ServerEnvironment from './server-environment.mjs';

/** Functions that unit tests must not reach, each with the object that has it. */
const FORBIDDEN = [
  [net.Server.prototype, 'listen'],
  [net.Socket.prototype, 'connect'],
  [childProcess.ChildProcess.prototype, 'spawn'],
];

/** Environment of unit tests: opening a port or a connection and starting a process throw. */
export default class UnitEnvironment extends ServerEnvironment {
  #originals = [];

  async setup() {
    await super.setup();
    this.#originals = FORBIDDEN.map(([owner, name]) => [owner, name, owner[name]]);
    for (const [owner, name] of FORBIDDEN) {
      owner[name] = () => {
        throw new Error(
          `A unit test does no I/O, but this one reached ${owner.constructor.name}.${name}. ` +
            'Name its file x.integration.test.ts, or give the code a fake.',
        );
      };
    }
  }

  async teardown() {
    for (const [owner, name, original] of this.#originals) owner[name] = original;
    await super.teardown();
  }
}
