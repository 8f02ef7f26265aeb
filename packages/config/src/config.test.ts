import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, configTable, loadConfig, optionalVariable, types, variable } from './index.ts';

const variables = {
  port: variable('PORT', types.port(), { description: 'The port.', example: '8080', fallback: '8080' }),
  url: variable('DATABASE_URL', types.url('postgres', 'postgresql'), {
    description: 'URL of the database.',
    example: 'postgres://127.0.0.1/aion',
  }),
  secret: variable('AION_SECRET', types.secret(8), { description: 'A secret.', example: '<random>', secret: true }),
  ratio: optionalVariable('RATIO', types.ratio(), { description: 'A share.', example: '0.1' }),
};
const good = { DATABASE_URL: 'postgres://127.0.0.1/aion', AION_SECRET: 'long enough' };

function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    loadConfig(variables, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('loadConfig', () => {
  it('parses variables, applies fallbacks and omits unset optional ones', () => {
    expect(loadConfig(variables, good)).toEqual({
      port: 8080,
      url: 'postgres://127.0.0.1/aion',
      secret: 'long enough',
    });
    expect(loadConfig(variables, { ...good, RATIO: '0.25', PORT: '1' })).toMatchObject({ ratio: 0.25, port: 1 });
  });

  it('lists all problems in one error, each with the variable, its value and an example', () => {
    const problems = problemsOf({ PORT: 'eighty', RATIO: '2' });
    expect(problems).toHaveLength(4);
    expect(problems[0]).toBe('PORT is "eighty": must be a number. Example: PORT=8080');
    expect(problems[1]).toContain('DATABASE_URL is not set');
    expect(problems[2]).toContain('AION_SECRET_FILE');
    expect(problems[3]).toContain('RATIO is "2"');
  });

  it('masks secrets in its error', () => {
    const [problem] = problemsOf({ ...good, AION_SECRET: 'hunter2' });
    expect(problem).toContain('at least 8 characters');
    expect(problem).not.toContain('hunter2');
  });

  it('names the accepted URL schemes when a URL is invalid', () => {
    expect(problemsOf({ ...good, DATABASE_URL: 'mysql://x' })[0]).toContain('postgres:// or postgresql://');
  });

  it('reports violations of rules across fields', () => {
    expect(() => loadConfig(variables, good, () => ['PORT and ADMIN are the same'])).toThrow('are the same');
  });

  describe('from files', () => {
    let directory: string;
    beforeAll(() => {
      directory = mkdtempSync(join(tmpdir(), 'aion-config-'));
    });
    afterAll(() => rmSync(directory, { recursive: true }));

    it('reads a secret from its file without the trailing newline', () => {
      const path = join(directory, 'secret');
      writeFileSync(path, 'from a file\n');
      const { AION_SECRET: _omitted, ...rest } = good;
      expect(loadConfig(variables, { ...rest, AION_SECRET_FILE: path }).secret).toBe('from a file');
      expect(problemsOf({ ...good, AION_SECRET_FILE: path })[0]).toContain('both set');
      expect(problemsOf({ ...rest, AION_SECRET_FILE: join(directory, 'none') })[0]).toContain('cannot be read');
    });
  });
});

describe('configTable', () => {
  it('lists the _FILE variant of a secret', () => {
    expect(configTable(variables)).toContain(
      '| `AION_SECRET`, `AION_SECRET_FILE` | required | A secret. | `<random>` |',
    );
  });
});

describe('types.pairs', () => {
  it('decodes values, which may contain an equals sign', () => {
    expect(types.pairs().parse('authorization=Bearer%20k=, x-a = b')).toEqual({
      authorization: 'Bearer k=',
      'x-a': 'b',
    });
  });

  it.each(['a', '=b', 'a=%', 'a=b,'])('rejects malformed pairs: %s', (text) => {
    expect(types.pairs().safeParse(text).success).toBe(false);
  });
});

describe('types.routeRatios', () => {
  it('parses ratios by method and path template', () => {
    expect(types.routeRatios().parse('POST /v1/chat/completions=0.01, GET /api/v1/exports/{export_id}=0')).toEqual(
      new Map([
        ['POST /v1/chat/completions', 0.01],
        ['GET /api/v1/exports/{export_id}', 0],
      ]),
    );
  });

  it.each(['/v1=1', 'GET /v1=2', 'GET /v1', 'GET /v1=-1', 'get /v1=1', ''])('rejects %j', (text) => {
    expect(types.routeRatios().safeParse(text).success).toBe(false);
  });
});
