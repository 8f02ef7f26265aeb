import { loadConfig } from './load-config.ts';
import { logVariables } from './log-variables.ts';

describe('logging variables', () => {
  it('default to level info without sampling', () => {
    expect(loadConfig(logVariables, {})).toEqual({
      logLevel: 'info',
      logLevels: undefined,
      logSampleRatio: 1,
      logFormat: undefined,
    });
  });

  it('accept levels by module', () => {
    expect(loadConfig(logVariables, { AION_LOG_LEVELS: 'http=debug, exports.worker=warn' }).logLevels).toEqual({
      http: 'debug',
      'exports.worker': 'warn',
    });
  });

  it.each(['http', 'http=loud', '=debug', 'http=debug,', 'a b=debug'])(
    'reject the module levels %p with an example of the format',
    (text) => {
      expect(() => loadConfig(logVariables, { AION_LOG_LEVELS: text })).toThrow(
        /AION_LOG_LEVELS.*http=debug,exports=warn/,
      );
    },
  );
});
