import { z } from 'zod';
import { parseLine, type ChainHead } from './audit-row.ts';

/** The message of the log line of a checkpoint, a copy that whoever can write to the database cannot reach. */
export const CHECKPOINT_SIGNED = 'Audit checkpoint signed';
const PLATFORM = 'platform';

/** How far a chain had come, as the `fields` of that line have it. */
export function toCheckpointFields({ tenant_id, seq, hash }: ChainHead) {
  return { chain: tenant_id ?? PLATFORM, seq, hash: hash.toString('hex') };
}

const logLine = z
  .object({
    fields: z.object({
      chain: z.union([z.literal(PLATFORM), z.uuid()]),
      seq: z.int().positive(),
      hash: z.hex().length(64),
    }),
  })
  .transform(({ fields: { chain, seq, hash } }): ChainHead => ({
    ...{ tenant_id: chain === PLATFORM ? null : chain, seq, hash: Buffer.from(hash, 'hex') },
  }));

/** Reads that line. @throws {InvalidAuditRowError} when it is not whole */
export function parseCheckpointLog(line: string): ChainHead {
  return parseLine(logLine, line);
}
