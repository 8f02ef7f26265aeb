import { Command } from 'commander';
import { z } from 'zod';
import { checkInput, readFlags } from './route-input.ts';
import { createSchemaFlags } from './schema-flags.ts';

const schema = z.strictObject({
  name: z.string().min(1).meta({ description: 'What it is called. Not more.', example: 'x' }),
  scopes: z.array(z.enum(['exports:read', 'exports:write'])),
  policies: z.array(z.string()).optional(),
  kind: z.enum(['a', 'b']).default('a'),
  expires_at: z.iso.datetime().nullish(),
  max_usd: z.number().optional(),
  limit: z.coerce.number().int().min(1).max(100).default(20),
  enabled: z.boolean().optional(),
  settings: z.object({ depth: z.number() }).optional(),
});

/** What the flags of a command line send. */
function parse(args: readonly string[], { isChange = false } = {}): Record<string, unknown> {
  const flags = createSchemaFlags(schema, { isChange });
  const command = new Command('x').exitOverride().configureOutput({ writeErr: () => undefined });
  for (const option of flags.flatMap(({ options }) => options)) command.addOption(option);
  command.parse(args, { from: 'user' });
  return readFlags(flags, command.opts());
}
function problemsOf(input: unknown): string {
  try {
    checkInput(schema, input, createSchemaFlags(schema, { isChange: false }));
    return '';
  } catch (error) {
    return String(error);
  }
}

describe('the flags of a schema', () => {
  it('send what is given and nothing else, as the types of the schema', () => {
    expect(parse([])).toEqual({});
    const args = ['--name', 'n', '--scope', 'exports:read', '--scope', 'exports:write', '--policy', 'p', '--kind', 'b'];
    const more = ['--max-usd', '1.5', '--limit', '7', '--enabled', '--expires-at', '2030-01-01T00:00:00Z'];
    expect(parse([...args, ...more])).toEqual({
      name: 'n',
      scopes: ['exports:read', 'exports:write'],
      policies: ['p'],
      kind: 'b',
      max_usd: 1.5,
      limit: 7,
      enabled: true,
      expires_at: '2030-01-01T00:00:00Z',
    });
  });

  it('switch off, and in a change set to nothing', () => {
    expect(parse(['--no-enabled'])).toEqual({ enabled: false });
    expect(parse(['--no-expires-at'], { isChange: true })).toEqual({ expires_at: null });
    expect(() => parse(['--no-expires-at'])).toThrow(/unknown option '--no-expires-at'/);
    expect(() => parse(['--no-name'], { isChange: true })).toThrow(/unknown option/);
  });

  it.each([
    [['--limit', 'ten'], /'--limit <n>' argument 'ten' is invalid. Give a whole number/],
    [['--limit', '1.5'], /Give a whole number/],
    [['--limit', ''], /Give a whole number/],
    [['--max-usd', 'x'], /Give a number/],
    [['--kind', 'c'], /'--kind <choice>' argument 'c' is invalid. Give one of: a, b/],
    [['--scope', 'exports'], /Give one of: exports:read, exports:write/],
    [['--settings', '{}'], /unknown option '--settings'/],
  ])('refuse %j and say what to give', (args, message) => {
    expect(() => parse(args)).toThrow(message);
  });

  it('say in help what is required, what may be repeated, what the default is and how a value looks', () => {
    const flags = createSchemaFlags(schema, { isChange: false });
    const help = Object.fromEntries(
      flags.map(({ field, options: [option] }) => [field, `${option?.flags ?? ''} ${option?.description ?? ''}`]),
    );
    expect(help).toMatchObject({
      name: '--name <text> what it is called (required; such as x)',
      scopes: '--scope <choice> scopes (required; may be given again)',
      kind: '--kind <choice> kind (default "a")',
      expires_at: '--expires-at <time> expires at',
      limit: '--limit <n> limit (default 20)',
    });
  });

  it('are named when a value breaks the contract', () => {
    const good = { name: 'n', scopes: [] };
    expect(problemsOf(good)).toBe('');
    expect(problemsOf({ scopes: [] })).toMatch(/--name is required/);
    expect(problemsOf({ ...good, name: '' })).toMatch(/--name: Too small/);
    expect(problemsOf({ ...good, expires_at: 'tomorrow' })).toMatch(/--expires-at: Invalid ISO datetime/);
    expect(problemsOf({ ...good, settings: { depth: 'x' } })).toMatch(/--body: settings\/depth: Invalid input/);
    expect(problemsOf({ ...good, colour: 1 })).toMatch(/Unrecognized key: "colour"/);
    expect(problemsOf({ name: '', scopes: ['x'] })).toMatch(/--name: .*\nerror: --scope\/0: /);
  });
});
