import { randomUUID } from 'node:crypto';
import type { ServiceName } from '@aion/contracts';
import { toAionError } from '@aion/errors';
import { LOG_LEVELS, type LogLevelSettings, type RootLogger } from '@aion/logging';
import type { Express, Request, Response } from 'express';
import { z } from 'zod';
import { parseBearerToken } from './admit-services.ts';
import { createBodyReader } from './body-reader.ts';
import { sendError } from './send-result.ts';
import type { ServiceTokens } from './service-tokens.ts';
import { parseJson, validate } from './validate.ts';

/** Dependencies of the `/log-levels` endpoint. */
export interface LogLevelsAccess {
  readonly logger: RootLogger;
  /** Authenticate the caller: the endpoint requires a token for this service, as calls between services do. */
  readonly tokens: ServiceTokens;
  /** Records a change in the audit trail. A failure does not prevent the change: levels are changed during incidents. */
  readonly record?: ((by: ServiceName) => Promise<void>) | undefined;
}

const MAX_BODY_BYTES = 16_384;
const MAX_MODULES = 100;

const settings = z.strictObject({
  root: z.enum(LOG_LEVELS),
  modules: z
    .record(
      z.string().regex(/^[A-Za-z0-9._-]{1,64}$/, 'a module name consists of 1 to 64 of A-Z a-z 0-9 . _ -'),
      z.enum(LOG_LEVELS),
    )
    .refine((modules) => Object.keys(modules).length <= MAX_MODULES, `at most ${MAX_MODULES} modules`)
    .default({}),
});

/**
 * Serves `GET /log-levels` and `PUT /log-levels`, which replaces all levels from the next line on. Both require a
 * service token. Each change is logged as WARN and recorded in the audit trail; a rejected one is logged as WARN.
 */
export function serveLogLevels(app: Express, { logger, tokens, record }: LogLevelsAccess): void {
  const readBody = createBodyReader(MAX_BODY_BYTES);
  const handle =
    (respond: (req: Request, res: Response, caller: ServiceName) => Promise<LogLevelSettings> | LogLevelSettings) =>
    async (req: Request, res: Response): Promise<void> => {
      try {
        const caller = await tokens.verify(parseBearerToken(req.headers));
        const levels = await respond(req, res, caller);
        res.setHeader('cache-control', 'no-store');
        res.json(levels);
      } catch (thrown) {
        const error = toAionError(thrown);
        logger.warn('Log levels request rejected', { method: req.method, remote: req.socket.remoteAddress, error });
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
        logger.warn('Log levels change not recorded in the audit trail', { by: caller, error });
      });
      return logger.levels();
    }),
  );
}
