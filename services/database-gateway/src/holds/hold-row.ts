import type { LegalHold } from '@aion/contracts';

/** A row of `legal_holds`. */
export interface HoldRow extends Omit<LegalHold, 'placed_at' | 'release_requested_at' | 'released_at'> {
  readonly [column: string]: unknown;
  readonly placed_at: Date;
  readonly release_requested_at: Date | null;
  readonly released_at: Date | null;
  readonly version: number;
}

/** What the public sees of a hold. */
export function toLegalHold(row: HoldRow): LegalHold {
  const { id, tenant_id, scope, scope_id, ground, reference } = row;
  return {
    ...{ id, tenant_id, scope, scope_id, ground, reference },
    placed_by: row.placed_by,
    placed_at: row.placed_at.toISOString(),
    release_requested_by: row.release_requested_by,
    release_requested_at: row.release_requested_at?.toISOString() ?? null,
    released_by: row.released_by,
    released_at: row.released_at?.toISOString() ?? null,
  };
}
