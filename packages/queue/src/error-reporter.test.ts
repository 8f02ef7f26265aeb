import type { Logger } from '@aion/logging';
import { createErrorReporter } from './error-reporter.ts';

describe('createErrorReporter', () => {
  it('logs one error in ten seconds with the number of suppressed ones', () => {
    const records: unknown[] = [];
    const logger: Logger = {
      debug: () => undefined,
      info: () => undefined,
      warn: (_message, fields) => records.push(fields),
      error: () => undefined,
      child: () => logger,
    };
    let nowMs = 0;
    const report = createErrorReporter(logger, { queue: 'exports' }, () => nowMs);
    for (; nowMs < 10_000; nowMs += 100) report('refused');
    expect(records).toEqual([{ queue: 'exports', suppressed: 0, error: 'refused' }]);
    report('back');
    expect(records[1]).toEqual({ queue: 'exports', suppressed: 99, error: 'back' });
  });
});
