import { Command } from 'commander';
import { z } from 'zod';
import { checkInput } from './check-input.ts';
import { readFlags } from './read-flags.ts';
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

/** Parses a command line and returns the fields that its flags set. */
function parse(args: readonly string[], { isUpdate = false } = {}): Record<string, unknown> {
  const flags = createSchemaFlags(schema, { isUpdate });
  const command = new Command('x').exitOverride().configureOutput({ writeErr: () => undefined });
  for (const option of flags.flatMap(({ options }) => options)) command.addOption(option);
  command.parse(args, { from: 'user' });
  return readFlags(flags, command.opts());
}
function describeProblems(input: unknown): string {
  try {
    checkInput(schema, input, createSchemaFlags(schema, { isUpdate: false }));
    return '';
  } catch (error) {
    return String(error);
  }
}

describe('flags of a schema', () => {
  it('send only the fields that are set, in the types of the schema', () => {
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

  it('set a boolean to false, and in an update a nullable field to null', () => {
    expect(parse(['--no-enabled'])).toEqual({ enabled: false });
    expect(parse(['--no-expires-at'], { isUpdate: true })).toEqual({ expires_at: null });
    expect(() => parse(['--no-expires-at'])).toThrow(/unknown option '--no-expires-at'/);
    expect(() => parse(['--no-name'], { isUpdate: true })).toThrow(/unknown option/);
  });

  it.each([
    [['--limit', 'ten'], /'--limit <n>' argument 'ten' is invalid. Pass an integer/],
    [['--limit', '1.5'], /Pass an integer/],
    [['--limit', ''], /Pass an integer/],
    [['--max-usd', 'x'], /Pass a number/],
    [['--kind', 'c'], /'--kind <choice>' argument 'c' is invalid. Choose one of: a, b/],
    [['--scope', 'exports'], /Choose one of: exports:read, exports:write/],
    [['--settings', '{}'], /unknown option '--settings'/],
  ])('reject %j and list valid values', (args, message) => {
    expect(() => parse(args)).toThrow(message);
  });

  it('describe in help required and repeatable fields, defaults and examples', () => {
    const flags = createSchemaFlags(schema, { isUpdate: false });
    const help = Object.fromEntries(
      flags.map(({ field, options: [option] }) => [field, `${option?.flags ?? ''} ${option?.description ?? ''}`]),
    );
    expect(help).toMatchObject({
      name: '--name <text> what it is called (required; such as x)',
      scopes: '--scope <choice> scopes (required; repeatable)',
      kind: '--kind <choice> kind (default "a")',
      expires_at: '--expires-at <time> expires at',
      limit: '--limit <n> limit (default 20)',
    });
  });

  it('are named in the error for an invalid value', () => {
    const good = { name: 'n', scopes: [] };
    expect(describeProblems(good)).toBe('');
    expect(describeProblems({ scopes: [] })).toMatch(/--name is required/);
    expect(describeProblems({ ...good, name: '' })).toMatch(/--name: Too small/);
    expect(describeProblems({ ...good, expires_at: 'tomorrow' })).toMatch(/--expires-at: Invalid ISO datetime/);
    expect(describeProblems({ ...good, settings: { depth: 'x' } })).toMatch(/--body: settings\/depth: Invalid input/);
    expect(describeProblems({ ...good, colour: 1 })).toMatch(/Unrecognized key: "colour"/);
    expect(describeProblems({ name: '', scopes: ['x'] })).toMatch(/--name: .*\nerror: --scope\/0: /);
  });
});
