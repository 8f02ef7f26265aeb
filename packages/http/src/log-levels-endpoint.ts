import { randomUUID } from 'node:crypto';
import type { ServiceName } from '@aion/contracts';
import { toAionError } from '@aion/errors';
import { LOG_LEVELS, type LogLevelSettings, type RootLogger } from '@aion/logging';
import type { Express, Request, Response } from 'express';
import { z } from 'zod';
import { bearerOf } from './admit-service.ts';
import { createBodyReader } from './read-body.ts';
import { sendError } from './send-reply.ts';
import type { ServiceTokens } from './service-tokens.ts';
import { parseJson, validate } from './validate.ts';

/** What `/log-levels` works on. */
export interface LogLevelsAccess {
  readonly logger: RootLogger;
  /** Prove who asks: the endpoint takes a token for this service, as the services' own calls do. */
  readonly tokens: ServiceTokens;
  /** Puts a change into the audit trail. It may fail: levels are changed when something is wrong. */
  readonly record?: ((by: ServiceName) => Promise<void>) | undefined;
}

const MAX_BODY_BYTES = 16_384;
const MAX_MODULES = 100;

const settings = z.strictObject({
  root: z.enum(LOG_LEVELS),
  modules: z
    .record(z.string().regex(/^[A-Za-z0-9._-]{1,64}$/, 'a module is 1 to 64 of A-Z a-z 0-9 . _ -'), z.enum(LOG_LEVELS))
    .refine((modules) => Object.keys(modules).length <= MAX_MODULES, `at most ${MAX_MODULES} modules`)
    .default({}),
});

/**
 * Serves `GET /log-levels` and `PUT /log-levels`, which replaces all levels from the next line on. Both need a service
 * token. Every change is a WARN record of the logger and an event of the audit trail; a refused one is a WARN record.
 */
export function serveLogLevels(app: Express, { logger, tokens, record }: LogLevelsAccess): void {
  const readBody = createBodyReader(MAX_BODY_BYTES);
  const handle =
    (answer: (req: Request, res: Response, caller: ServiceName) => Promise<LogLevelSettings> | LogLevelSettings) =>
    async (req: Request, res: Response): Promise<void> => {
      try {
        const caller = await tokens.verify(bearerOf(req.headers));
        const levels = await answer(req, res, caller);
        res.setHeader('cache-control', 'no-store');
        res.json(levels);
      } catch (thrown) {
        const error = toAionError(thrown);
        logger.warn('Request for log levels refused', { method: req.method, remote: req.socket.remoteAddress, error });
        sendError(res, error, { path: '/log-levels', requestId: randomUUID() });
      }
    };
  app.get(
    '/log-levels',
    handle(() => logger.levels()),
  );
  app.put(
    '/log-levels',
    handle(async (req, res, caller) => {
      const next = validate(settings, parseJson(await readBody(req, res)), 'body');
      if (next !== undefined) logger.setLevels(next, caller);
      await record?.(caller).catch((error: unknown) => {
        logger.warn('The change of log levels is not in the audit trail', { by: caller, error });
      });
      return logger.levels();
    }),
  );
}
