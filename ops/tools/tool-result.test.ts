import { AdministratorNeededError, BrokenToolError, CommandFailedError } from './tool-errors.ts';
import { administratorCommand, toFailure } from './tool-result.ts';
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

describe('administratorCommand', () => {
  const results = [
    failed('redis-server', needed(['redis-server'], ['redis'])),
    failed('age', needed(['age'], ['age'])),
    failed('age again', needed(['age'], ['age'])),
    failed('moto_server', new CommandFailedError('pip', 'exited with 1', [])),
  ];

  it('combines every missing package into one apt-get command', () => {
    expect(administratorCommand(results, 'linux')).toBe(
      'sudo apt-get update && sudo apt-get install -y --no-install-recommends redis-server age',
    );
  });

  it('returns Homebrew formulae on macOS', () => {
    expect(administratorCommand(results, 'darwin')).toBe('brew install redis age');
  });

  it('returns null when no package needs an administrator', () => {
    expect(administratorCommand(results.slice(3), 'linux')).toBeNull();
  });
});

describe('toFailure', () => {
  it('includes the last lines of a command, also when it is the cause', () => {
    const command = new CommandFailedError('pip install x', 'exited with 1', ['no such package']);
    expect(toFailure(command)).toMatchObject({ code: 'COMMAND_FAILED', tail: ['no such package'] });
    const broken = toFailure(new BrokenToolError('no program', { cause: command }));
    expect(broken).toMatchObject({ code: 'BROKEN_TOOL', message: 'no program', tail: ['no such package'] });
  });

  it('converts thrown values that are not errors', () => {
    expect(toFailure('odd')).toMatchObject({ code: 'UNEXPECTED', message: 'odd' });
  });
});
