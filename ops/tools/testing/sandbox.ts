import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram } from '../find-program.ts';

/** Temporary directory with its own PATH: the tested code finds only the programs in `bin`. */
export interface Sandbox {
  root: string;
  cache: string;
  env: NodeJS.ProcessEnv;
  /** Writes a shell script into `bin`. */
  addScript(name: string, body: string): Promise<void>;
  /** Links programs of this machine into `bin`; throws when one is missing. */
  addReal(...names: string[]): Promise<void>;
  remove(): Promise<void>;
}

/** Creates a {@link Sandbox}; `remove` deletes it. */
export async function createSandbox(): Promise<Sandbox> {
  const root = await mkdtemp(join(tmpdir(), 'aion-tools-'));
  const bin = join(root, 'path');
  const cache = join(root, 'cache');
  await mkdir(bin);
  const sandbox: Sandbox = {
    root,
    cache,
    env: { PATH: bin, HOME: root, AION_TOOLS_DIR: cache },
    async addScript(name, body) {
      await writeFile(join(bin, name), `#!/bin/sh\n${body}\n`);
      await chmod(join(bin, name), 0o755);
    },
    async addReal(...names) {
      for (const name of names) {
        const path = findProgram(name, process.env);
        if (path === null) throw new Error(`this test needs '${name}' in PATH`);
        await symlink(path, join(bin, name));
      }
    },
    remove: () => rm(root, { recursive: true, force: true }),
  };
  await sandbox.addReal('sh', 'cat', 'chmod', 'grep', 'rm', 'touch');
  return sandbox;
}
