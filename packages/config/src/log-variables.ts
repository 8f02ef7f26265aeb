import { z } from 'zod';
import { optionalVariable, types, variable } from './variable.ts';

const LEVELS = ['error', 'warn', 'info', 'debug'] as const;
const MODULE_LEVEL = /^([A-Za-z0-9._-]{1,64})=(error|warn|info|debug)$/;

const moduleLevels = z.string().transform((text, context) => {
  const levels: Record<string, (typeof LEVELS)[number]> = {};
  for (const item of text.split(',').map((part) => part.trim())) {
    const [, module, name] = MODULE_LEVEL.exec(item) ?? [];
    const level = LEVELS.find((known) => known === name);
    if (module === undefined || level === undefined) {
      context.addIssue({
        code: 'custom',
        message: `must be a list such as http=debug,exports=warn with levels of ${LEVELS.join(', ')}; got ${JSON.stringify(item)}`,
      });
      return z.NEVER;
    }
    levels[module] = level;
  }
  return levels;
});

/** Variables of logging: levels, sampling and format. */
export const logVariables = {
  logLevel: variable('LOG_LEVEL', types.oneOf(LEVELS), {
    description: 'Lowest severity that is logged.',
    example: 'info',
    fallback: 'info',
  }),
  logLevels: optionalVariable('AION_LOG_LEVELS', moduleLevels, {
    description:
      'Levels that override `LOG_LEVEL` by module or dot-separated prefix; `/log-levels` of the admin port changes them.',
    example: 'http=debug,exports=warn',
  }),
  logSampleRatio: variable('AION_LOG_SAMPLE_RATIO', types.ratio(), {
    description: 'Share of traces whose INFO and DEBUG records are logged; WARN and ERROR are always logged.',
    example: '1',
    fallback: '1',
  }),
  logFormat: optionalVariable('AION_LOG_FORMAT', types.oneOf(['json', 'pretty']), {
    description:
      'Output format: JSON lines, or compact lines for terminals. Default: `pretty` in development, else `json`.',
    example: 'json',
  }),
};
