import { runAion } from './support/run-aion.ts';
import { runHere } from './support/run-here.ts';
import { json, problem, startScriptedApi, type ScriptedApi } from './support/scripted-api.ts';

const AT = '2030-01-01T00:00:00.000Z';
const ID = '01890a5d-ac96-774b-bcce-b302099a8057';
let api: ScriptedApi;

beforeAll(async () => {
  api = await startScriptedApi();
});
afterAll(() => api.stop());

const access = () => ({ AION_URL: api.url, AION_API_KEY: 'aion_sk_1' });
const aion = (...args: string[]) => runHere(args, access());

describe('aion usage get', () => {
  const sums = { generations: 3, failed: 1, prompt_tokens: 20, completion_tokens: 5, cost_micro_usd: 7 };
  const report = { from: '2030-01-01', to: '2030-01-30', data: [{ model: 'm', ...sums }], total: sums };

  it('prints the total as the last row, and the period on standard error', async () => {
    api.play(json(report));
    const { code, stdout, stderr } = await aion('usage', 'get', '--group-by', 'model');
    expect({ code, stderr }).toEqual({ code: 0, stderr: 'from  2030-01-01\nto    2030-01-30\n' });
    const [, row, total] = stdout.split('\n');
    expect(row).toMatch(/^- +- +m +- +- +3 +1 +20 +5 +7$/);
    expect(total).toMatch(/^TOTAL +- +- +- +- +3 +1 +20 +5 +7$/);
  });

  it('prints the complete answer with --json', async () => {
    api.play(json(report));
    const { stdout, stderr } = await aion('usage', 'get', '--json');
    expect({ body: JSON.parse(stdout) as unknown, stderr }).toEqual({ body: report, stderr: '' });
  });
});

describe('a list without pages', () => {
  it.each([[['usage', 'get']], [['retention-policies', 'current']]])('has no --all: %j', async (words) => {
    api.play(json({ data: [] }));
    expect(await aion(...words, '--all')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("unknown option '--all'"),
    });
    expect(api.seen).toEqual([]);
  });
});

describe('a retention policy', () => {
  const bounds = { min_days: 1, max_days: 3_650, default_days: 365 };
  const scheduled = {
    id: ID,
    retention_class: 'content',
    keep_days: 90,
    effective_from: AT,
    set_by: ID,
    created_at: AT,
  };
  const current = {
    data: [
      { retention_class: 'account', keep_days: 365, source: 'default', policy: null, scheduled: [], bounds },
      { retention_class: 'content', keep_days: 30, source: 'default', policy: null, scheduled: [scheduled], bounds },
    ],
    lowering_delay_days: 7,
  };
  const create = (...more: string[]) =>
    runAion(['retention-policies', 'create', '--retention-class', 'content', ...more], { env: access() });

  it('is shown with the delay of shorter policies', async () => {
    api.play(json(current));
    const { stdout, stderr } = await aion('retention-policies', 'current');
    expect(stderr).toBe('lowering_delay_days  7\n');
    expect(stdout).toMatch(/^content +30 +default +1 +3650$/m);
    expect(JSON.parse((await aion('retention-policies', 'current', '--json')).stdout)).toEqual(current);
  });

  it('asks for confirmation when it is shorter than the current one', async () => {
    api.play(json(current));
    const { code, stderr } = await create('--keep-days', '89');
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringContaining(
        'class content for 89 days instead of 90, and older data may be deleted. This needs',
      ),
    });
    expect(api.seen.map(({ method }) => method)).toEqual(['GET']);
  });

  it('asks for confirmation when the current one cannot be read', async () => {
    api.play(problem(403, 'It lacks the scope.'));
    const { code, stderr } = await create('--keep-days', '90');
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('which may be less than now') });
    expect(api.seen.map(({ method }) => method)).toEqual(['GET']);
  });

  it.each([
    ['when it is as long', ['--keep-days', '90'], ['GET', 'POST']],
    ['with --yes', ['--keep-days', '1', '--yes'], ['POST']],
  ])('asks for no confirmation %s', async (_name, flags, methods) => {
    const set = json({ ...scheduled, replaces: { keep_days: 90, policy: null }, withdrawn: [] }, 201);
    api.play(...(methods.length === 2 ? [json(current)] : []), set);
    expect(await create(...flags)).toMatchObject({ code: 0 });
    expect(api.seen.map(({ method }) => method)).toEqual(methods);
  });
});
