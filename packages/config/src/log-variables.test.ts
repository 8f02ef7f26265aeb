import { loadConfig } from './load-config.ts';
import { logVariables } from './log-variables.ts';

describe('the variables of logging', () => {
  it('give every line at INFO unless told otherwise', () => {
    expect(loadConfig(logVariables, {})).toEqual({
      logLevel: 'info',
      logLevels: undefined,
      logSampleRatio: 1,
      logFormat: undefined,
    });
  });

  it('read levels by module', () => {
    expect(loadConfig(logVariables, { AION_LOG_LEVELS: 'http=debug, exports.worker=warn' }).logLevels).toEqual({
      http: 'debug',
      'exports.worker': 'warn',
    });
  });

  it.each(['http', 'http=loud', '=debug', 'http=debug,', 'a b=debug'])('refuse %p and say what is wrong', (text) => {
    expect(() => loadConfig(logVariables, { AION_LOG_LEVELS: text })).toThrow(
      /AION_LOG_LEVELS.*http=debug,exports=warn/,
    );
  });
});
