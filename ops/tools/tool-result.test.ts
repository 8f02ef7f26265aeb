import { AdministratorNeededError, BrokenToolError, CommandFailedError } from './tool-errors.ts';
import { commandForPerson, toFailure } from './tool-result.ts';
import type { ToolResult } from './tool-result.ts';

const failed = (name: string, error: unknown): ToolResult => ({
  name,
  state: 'failed',
  version: null,
  path: null,
  seconds: 0,
  failure: toFailure(error),
});
const needed = (packages: string[], formulae: string[]): AdministratorNeededError =>
  new AdministratorNeededError(packages, formulae, 'it needs root');

describe('commandForPerson', () => {
  const results = [
    failed('redis-server', needed(['redis-server'], ['redis'])),
    failed('age', needed(['age'], ['age'])),
    failed('age again', needed(['age'], ['age'])),
    failed('moto_server', new CommandFailedError('pip', 'exited with 1', [])),
  ];

  it('joins every missing package into one apt-get command', () => {
    expect(commandForPerson(results, 'linux')).toBe(
      'sudo apt-get update && sudo apt-get install -y --no-install-recommends redis-server age',
    );
  });

  it('gives Homebrew formulae on macOS', () => {
    expect(commandForPerson(results, 'darwin')).toBe('brew install redis age');
  });

  it('gives nothing when no package needs more rights', () => {
    expect(commandForPerson(results.slice(3), 'linux')).toBeNull();
  });
});

describe('toFailure', () => {
  it('keeps the last lines of a command, also when it is the cause', () => {
    const command = new CommandFailedError('pip install x', 'exited with 1', ['no such package']);
    expect(toFailure(command)).toMatchObject({ code: 'COMMAND_FAILED', tail: ['no such package'] });
    const broken = toFailure(new BrokenToolError('no program', { cause: command }));
    expect(broken).toMatchObject({ code: 'BROKEN_TOOL', message: 'no program', tail: ['no such package'] });
  });

  it('describes values that are no errors', () => {
    expect(toFailure('odd')).toMatchObject({ code: 'UNEXPECTED', message: 'odd' });
  });
});
