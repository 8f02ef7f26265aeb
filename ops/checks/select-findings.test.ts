import { selectFindings } from './select-findings.ts';

const finding = { path: 'packages/a/src/b.ts', line: 3, message: '"epoch" -> fencing token' };
const select = (options: Partial<Parameters<typeof selectFindings>[1]>): ReturnType<typeof selectFindings> =>
  selectFindings([finding], { exceptions: [], readLine: () => '// Unix epoch', ...options });

describe('selectFindings', () => {
  it('selects a finding that no exception covers', () => {
    expect(select({})).toEqual({ selected: [finding], stale: [] });
  });

  it('drops a finding whose line an exception names', () => {
    expect(select({ exceptions: [{ text: 'Unix epoch', reason: 'a term' }] })).toEqual({ selected: [], stale: [] });
  });

  it('reports an exception that matches no finding', () => {
    const { selected, stale } = select({ exceptions: [{ text: 'Unix epoch', path: 'services/', reason: 'a term' }] });
    expect(selected).toEqual([finding]);
    expect(stale).toEqual(['exception "Unix epoch" excuses nothing']);
  });
});
