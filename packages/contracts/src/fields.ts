import { z } from 'zod';

/** A UUID of version 7 (RFC 9562): the key of every row. */
export const uuid = z
  .uuid()
  .meta({ description: 'A UUID, version 7 (RFC 9562).', example: '01890a5d-ac96-774b-bcce-b302099a8057' });

/** An instant in UTC, ISO 8601 with milliseconds. */
export const timestamp = z.iso
  .datetime()
  // PostgreSQL has no year 0, and rounds the end of the year 9999 to a year that has five digits.
  .refine((value) => !/^(0000|9999)/.test(value), 'must be in the years 1 to 9998')
  .meta({ description: 'An instant in UTC, ISO 8601.', example: '2026-01-31T12:00:00.000Z' });

/** A day in UTC, ISO 8601. */
export const utcDay = z.iso.date().meta({ description: 'A day in UTC, ISO 8601.', example: '2026-01-31' });

/** A count that fits a JSON number. */
export const count = z.number().int().min(0);

/** Lower-case hex of a SHA-256 digest. */
export const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hex digits');

/** Text that PostgreSQL can store unchanged: no NUL, and no unpaired surrogates, which UTF-8 cannot encode. */
export const text = (maxLength: number) =>
  z
    .string()
    .max(maxLength)
    .regex(/^[^\u0000]*$/, 'must not contain NUL characters')
    .refine((value) => value.isWellFormed(), 'must not contain unpaired surrogates');

/** A name for people: 1 to 200 characters, not blank. */
export const displayName = text(200)
  .min(1, 'must not be blank')
  // One expression for both: a schema in OpenAPI has one `pattern`.
  .regex(/^[^\u0000]*[^\s\u0000][^\u0000]*$/, 'must not be blank');

/** Query of a page of a list. Strict: a misspelt filter is rejected instead of ignored. */
export const pageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(20).meta({ description: 'Maximum number of items.' }),
  cursor: z
    .string()
    .max(200)
    .optional()
    .meta({ description: 'The `next_cursor` of the previous page; omitted for the first page.' }),
});

/** Order of a list. */
export const listOrder = z
  .enum(['asc', 'desc'])
  .default('desc')
  .meta({ description: '`desc`: newest first. `asc`: oldest first.' });

/** State of a key. */
export const keyStatus = z.enum(['live', 'expired', 'revoked']).meta({
  description: '`live`: accepted. `expired`: past `expires_at`. `revoked`: revoked, before or after `expires_at`.',
});
/** State of a key. */
export type KeyStatus = z.output<typeof keyStatus>;

/** A boolean in a query. */
export const flag = z
  .enum(['true', 'false'])
  .transform((value) => value === 'true')
  .meta({ type: 'string', enum: ['true', 'false'] });

/** A page of a list; items that are added meanwhile do not shift it. */
export const pageOf = <T extends z.ZodType>(item: T) =>
  z.object({
    data: z.array(item),
    next_cursor: z.string().nullable().meta({ description: 'Cursor of the next page; null on the last page.' }),
  });
