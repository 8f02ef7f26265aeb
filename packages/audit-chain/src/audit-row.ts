import { z } from 'zod';

/** Bytes in the JSON format of PostgreSQL: `\x` and lowercase hexadecimal digits. */
const bytes = (length: number) =>
  z
    .string()
    .regex(new RegExp(String.raw`^\\x[0-9a-f]{${length * 2}}$`), `must be \\x and ${length * 2} hexadecimal digits`)
    .transform((text): Buffer => Buffer.from(text.slice(2), 'hex'));

/** A time in the JSON format of PostgreSQL, which omits trailing zeros, normalized to microseconds. */
const time = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|\+00:00)$/, 'must be a time in UTC')
  .transform((text) => {
    const [seconds = '', fraction = ''] = text.replace(/(?:Z|\+00:00)$/, '').split('.');
    return `${seconds}.${fraction.padEnd(6, '0')}Z`;
  });

const auditRow = z.object({
  id: z.uuid(),
  tenant_id: z.uuid().nullable(),
  seq: z.int().positive(),
  prev_hash: bytes(32),
  hash: bytes(32),
  commitment: bytes(32),
  /** Null when an erasure has removed the content of the event. */
  salt: bytes(32).nullable(),
  action: z.string(),
  target_type: z.string(),
  outcome: z.string(),
  created_at: time,
  actor: z.string(),
  target_id: z.uuid(),
  target_path: z.string().nullable(),
  request_id: z.string().nullable(),
  correlation_id: z.string().nullable(),
  trace_id: z.string().nullable(),
});

const checkpointRow = z.object({
  tenant_id: z.uuid().nullable(),
  seq: z.int().positive(),
  hash: bytes(32),
  signature: bytes(64),
  key_id: z.string(),
});

/** The common fields of an event, a checkpoint and a line of {@link formatChainHead}. */
const chainHead = checkpointRow.pick({ tenant_id: true, seq: true, hash: true });

/** One event of an audit trail in its stored and exported form. */
export type AuditRow = z.output<typeof auditRow>;
/** A signed statement of the last event of a chain. */
export type CheckpointRow = z.output<typeof checkpointRow>;
/** The last event of a chain: its number and hash. */
export type ChainHead = z.output<typeof chainHead>;

/** A row that is not a valid event or checkpoint of a chain. */
export class InvalidAuditRowError extends Error {
  override readonly name = 'InvalidAuditRowError';
  readonly code = 'INVALID_AUDIT_ROW';
}

/** Parses an event from one line of an export or from a row that PostgreSQL formatted as JSON. @throws {InvalidAuditRowError} */
export function parseAuditRow(line: string): AuditRow {
  return parseLine(auditRow, line);
}

/** Parses a checkpoint from such a line or row. @throws {InvalidAuditRowError} */
export function parseCheckpointRow(line: string): CheckpointRow {
  return parseLine(checkpointRow, line);
}

/** Parses the head of a chain from the line of an event, a checkpoint or a head. @throws {InvalidAuditRowError} */
export function parseChainHead(line: string): ChainHead {
  return parseLine(chainHead, line);
}

/** Formats the head of a chain as a line of JSON that {@link parseChainHead} parses. */
export function formatChainHead({ tenant_id, seq, hash }: ChainHead): string {
  return JSON.stringify({ tenant_id, seq, hash: String.raw`\x` + hash.toString('hex') });
}

/** Parses a line of JSON by a schema. @throws {InvalidAuditRowError} that names each invalid field */
export function parseLine<T>(schema: z.ZodType<T>, line: string): T {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new InvalidAuditRowError('The row is not JSON.', { cause });
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new InvalidAuditRowError(`The row is not valid: ${problems.join('; ')}.`);
}
