import { z } from 'zod';
import { optionalVariable, types, variable } from './variable.ts';

const LEVELS = ['error', 'warn', 'info', 'debug'] as const;
const MODULE_LEVEL = /^([A-Za-z0-9._-]{1,64})=(error|warn|info|debug)$/;

/** `http=debug,exports=warn` as an object. */
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

/** What is logged, and how. */
export const logVariables = {
  logLevel: variable('LOG_LEVEL', types.oneOf(LEVELS), {
    description: 'The least important level that is written.',
    example: 'info',
    fallback: 'info',
  }),
  logLevels: optionalVariable('AION_LOG_LEVELS', moduleLevels, {
    description: 'Other levels for some modules, by prefix up to a dot; `/log-levels` of the admin port changes them.',
    example: 'http=debug,exports=warn',
  }),
  logSampleRatio: variable('AION_LOG_SAMPLE_RATIO', types.ratio(), {
    description: 'The share of traces whose INFO and DEBUG lines are written; WARN and ERROR always are.',
    example: '1',
    fallback: '1',
  }),
  logFormat: optionalVariable('AION_LOG_FORMAT', types.oneOf(['json', 'pretty']), {
    description: 'JSON lines, or compact lines for people; JSON unless the environment is development.',
    example: 'json',
  }),
};
