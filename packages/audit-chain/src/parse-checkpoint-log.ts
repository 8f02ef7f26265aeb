import { z } from 'zod';
import { parseLine, type ChainHead } from './audit-row.ts';

/** Message of the log line of a checkpoint: a copy that somebody with write access to the database cannot change. */
export const CHECKPOINT_SIGNED = 'Audit checkpoint signed';
const PLATFORM = 'platform';

/** Formats the head of a chain as the `fields` of that line. */
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
  .transform(({ fields: { chain, seq, hash } }): ChainHead => {
    return { tenant_id: chain === PLATFORM ? null : chain, seq, hash: Buffer.from(hash, 'hex') };
  });

/** Parses that line. @throws {InvalidAuditRowError} when it is incomplete */
export function parseCheckpointLog(line: string): ChainHead {
  return parseLine(logLine, line);
}
