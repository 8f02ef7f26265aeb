import { LogLevels } from './log-levels.ts';

describe('log levels', () => {
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
  ])('use the level of the longest matching prefix for module %p', (module, threshold) => {
    expect(levels.thresholdOf(module)).toBe(threshold);
  });

  it('are replaced completely, and do not change with the object they were set from', () => {
    const modules: Record<string, 'debug' | 'error'> = { http: 'debug' };
    const changed = new LogLevels({ root: 'warn', modules: {} });
    changed.replace({ root: 'error', modules });
    modules['http'] = 'error';
    expect(changed.current()).toEqual({ root: 'error', modules: { http: 'debug' } });
    expect(changed.version).toBe(1);
  });
});
