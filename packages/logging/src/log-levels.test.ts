import { LogLevels } from './log-levels.ts';

describe('the levels of a process', () => {
  const levels = new LogLevels({ root: 'info', modules: { database: 'debug', 'database.pool': 'error' } });

  it.each([
    ['http', 2],
    ['database', 3],
    ['database.queries', 3],
    ['database.pool', 0],
    ['database.pool.waiters', 0],
    ['databases', 2],
    ['constructor', 2],
    ['', 2],
    ['.', 2],
  ])('give module %p the level of its longest prefix', (module, threshold) => {
    expect(levels.thresholdOf(module)).toBe(threshold);
  });

  it('are replaced as a whole, and do not follow what they were made from', () => {
    const modules: Record<string, 'debug' | 'error'> = { http: 'debug' };
    const changed = new LogLevels({ root: 'warn', modules: {} });
    changed.replace({ root: 'error', modules });
    modules['http'] = 'error';
    expect(changed.current()).toEqual({ root: 'error', modules: { http: 'debug' } });
    expect(changed.version).toBe(1);
  });
});
