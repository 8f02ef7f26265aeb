import { z } from 'zod';

/** A UUID of version 7 (RFC 9562): the key of every row. */
export const uuid = z
  .uuid()
  .meta({ description: 'A UUID, version 7 (RFC 9562).', example: '01890a5d-ac96-774b-bcce-b302099a8057' });

/** An instant in UTC, ISO 8601 with milliseconds. */
export const timestamp = z.iso
  .datetime()
  // PostgreSQL knows no year 0, and rounds the end of the year 9999 to one that ISO 8601 cannot say in four digits.
  .refine((value) => !/^(0000|9999)/.test(value), 'must be in the years 1 to 9998')
  .meta({ description: 'An instant in UTC, ISO 8601.', example: '2026-01-31T12:00:00.000Z' });

/** A day in UTC, ISO 8601. */
export const utcDay = z.iso.date().meta({ description: 'A day in UTC, ISO 8601.', example: '2026-01-31' });

/** A count that fits a JSON number. */
export const count = z.number().int().min(0);

/** Lower-case hex of a SHA-256 digest. */
export const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hex digits');

/** Text that PostgreSQL can store as it is: without NUL, and without halves of surrogate pairs, which UTF-8 has not. */
export const text = (maxLength: number) =>
  z
    .string()
    .max(maxLength)
    .regex(/^[^\u0000]*$/, 'must not contain NUL characters')
    .refine((value) => value.isWellFormed(), 'must not contain unpaired surrogates');

/** A name for people: 1 to 200 characters, not blank. */
export const displayName = text(200)
  .min(1, 'must not be blank')
  // One expression for both: an OpenAPI document has room for one.
  .regex(/^[^\u0000]*[^\s\u0000][^\u0000]*$/, 'must not be blank');

/** How a page of a list is asked for. A query is strict: a misspelt filter would show what nobody has asked for. */
export const pageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(20).meta({ description: 'How many items at most.' }),
  cursor: z
    .string()
    .max(200)
    .optional()
    .meta({ description: 'The `next_cursor` of the page before; the first page is asked for without.' }),
});

/** Which end of a list comes first. */
export const listOrder = z
  .enum(['asc', 'desc'])
  .default('desc')
  .meta({ description: '`desc`: the newest first. `asc`: the oldest.' });

/** What has become of a key. */
export const keyStatus = z.enum(['live', 'expired', 'revoked']).meta({
  description:
    '`live`: it is accepted. `expired`: its end has passed. `revoked`: it was revoked, before or after its end.',
});
/** What has become of a key. */
export type KeyStatus = z.output<typeof keyStatus>;

/** A yes or no in a query. */
export const flag = z
  .enum(['true', 'false'])
  .transform((value) => value === 'true')
  .meta({ type: 'string', enum: ['true', 'false'] });

/** A page of a list, which stays where it is while items are added. */
export const pageOf = <T extends z.ZodType>(item: T) =>
  z.object({
    data: z.array(item),
    next_cursor: z.string().nullable().meta({ description: 'Asks for the next page; null on the last one.' }),
  });
