import { LauncherError } from '../platform/launcher-error.ts';
import { parseDemoOptions } from './demo-options.ts';

function exitCodeOf(run: () => unknown): number | undefined {
  try {
    run();
  } catch (error) {
    if (error instanceof LauncherError) return error.exitCode;
    throw error;
  }
  return undefined;
}

const paths = { callerDir: '/home/me', checkoutDir: '/checkout' };
const parse = (...args: string[]) => parseDemoOptions(args, paths);

describe('parseDemoOptions', () => {
  it('returns defaults without arguments', () => {
    expect(parse()).toEqual({
      once: false,
      json: undefined,
      input: '/checkout/examples/conversations.jsonl',
      redis: undefined,
      model: undefined,
      port: undefined,
      reset: false,
      stateDir: '/checkout/.aion',
    });
  });

  it("resolves paths against the caller's directory", () => {
    const args = ['--json', 'out.json', '--input', 'in.jsonl', '--state-dir', 'state', '--port', '18080'];
    expect(parse(...args)).toMatchObject({
      json: '/home/me/out.json',
      input: '/home/me/in.jsonl',
      stateDir: '/home/me/state',
      port: 18_080,
    });
  });

  it('distinguishes --model from --no-model', () => {
    expect([parse('--model')?.model, parse('--no-model')?.model]).toEqual([true, false]);
  });

  it.each([
    [['--port', 'x'], /--port/],
    [['--nonsense'], /--nonsense/],
    [['extra'], /too many arguments/],
  ])('rejects %j with exit code 2', (args, message) => {
    expect(() => parse(...args)).toThrow(message);
    expect(exitCodeOf(() => parse(...args))).toBe(2);
  });
});
