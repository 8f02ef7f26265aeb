import { PassThrough } from 'node:stream';
import {
  checkpointKeyId,
  ERASED_CONTENT,
  GENESIS_HASH,
  hashEvent,
  parseAuditRow,
  signCheckpoint,
} from '@aion/audit-chain';
import { createSigningKey, type SigningKey } from '@aion/bundle';
import { createLogger } from '@aion/logging';
import { createMetrics, parseExposition } from '@aion/metrics';
import { v7 as uuidv7 } from 'uuid';
import { createAuditTrailStore, type AuditTrailStore } from '../../src/audit/audit-trail-store.ts';
import { createAuditVerifier, type AuditVerifier } from '../../src/audit/audit-verifier.ts';
import { createHeadsFile, type HeadsFile } from '../../src/audit/heads-file.ts';
import { recordAuditEvent } from '../../src/audit/record-audit-event.ts';
import { createTestTenant, type MigratedDatabase } from './test-database.ts';

/** Signs checkpoints where a test names no other key. */
export const CHECKPOINT_KEY = createSigningKey();

/** Audit trails of tenants, their verifiers, and what is done to them. */
export type AuditTrails = ReturnType<typeof createAuditTrails>;

/** Creates them in a database. */
export function createAuditTrails(db: MigratedDatabase) {
  /** Creates a verifier that exposes its metrics. `fullVerifyMs` 0 starts with the first event in each run. */
  function start(
    options: {
      signingKey?: SigningKey | undefined;
      formerKeys?: string[];
      fullVerifyMs?: number;
      trail?: AuditTrailStore;
      headsFile?: HeadsFile;
    } = {},
  ) {
    const stream = new PassThrough();
    const logger = createLogger({ service: 'test', level: 'error', format: 'json', stream });
    const metrics = createMetrics({ service: 'database-gateway', version: '0', enabled: true });
    const verifier = createAuditVerifier({
      logger,
      metrics,
      trail: createAuditTrailStore(db.database),
      signingKey: CHECKPOINT_KEY,
      formerKeys: [],
      fullVerifyMs: 3_600_000,
      headsFile: createHeadsFile(undefined),
      ...options,
    });
    const read = async (name: string): Promise<number | undefined> => {
      const { samples } = parseExposition((await metrics.exposition()).body);
      return samples.find((sample) => sample.name === name)?.value;
    };
    return {
      verifier,
      read,
      /** Returns the ERROR lines since the previous call. */
      errors: () => String(stream.read() ?? ''),
      isOk: () => read('aion_audit_chain_ok'),
      verified: () => read('aion_audit_events_verified_total'),
    };
  }

  async function createTrail(): Promise<string> {
    const { tenantId } = await createTestTenant(db.database);
    for (let i = 0; i < 3; i += 1) await record(tenantId);
    return tenantId;
  }
  const record = (tenantId: string): Promise<void> =>
    db.database.withTenant(tenantId, (transaction) =>
      recordAuditEvent(transaction, { actor: 'x', action: 'export.ready', targetType: 'export', targetId: uuidv7() }),
    );
  const lengthOf = async (tenantId: string): Promise<number> =>
    (await db.sql<{ n: number }>('SELECT count(*)::int AS n FROM audit_events WHERE tenant_id = $1', [tenantId]))[0]
      ?.n ?? 0;
  const checkpointsOf = async (tenantId: string): Promise<number[]> =>
    (
      await db.sql<{ seq: number }>('SELECT seq::int FROM audit_checkpoints WHERE tenant_id = $1 ORDER BY seq', [
        tenantId,
      ])
    ).map(({ seq }) => seq);
  /** Anonymizes events up to a number, like an erasure. */
  async function eraseEvents(tenantId: string, seq: number): Promise<void> {
    const columns = Object.keys(ERASED_CONTENT).map((column, at) => `${column} = $${at + 3}`);
    await db.sql(`UPDATE audit_events SET salt = NULL, ${columns.join()} WHERE tenant_id = $1 AND seq <= $2`, [
      tenantId,
      seq,
      ...Object.values(ERASED_CONTENT),
    ]);
  }
  /** Inserts an erasure request and its announcement in the ledger. */
  async function announceErasure(tenantId: string, events: number): Promise<string> {
    const [id, hash] = [uuidv7(), 'ab'.repeat(32)];
    await db.sql(
      `INSERT INTO erasure_requests (id, tenant_id, subject_type, subject_id, ground, request_sha256, requested_by, due_at)
     VALUES ($1, $2, 'user', $1, 'art17_1_a', $3, $1, now() + interval '30 days')`,
      [id, tenantId, hash],
    );
    await db.sql(
      `INSERT INTO erasure_ledger (id, request_id, tenant_pseudonym, subject_type, subject_pseudonym, phase, store, method,
       planned_rows, registry_sha256)
     VALUES ($1, $1, $2, 'user', $2, 'planned', 'postgresql:audit_events', 'anonymize', $3, $2)`,
      [id, hash, events],
    );
    return id;
  }
  /** Makes every read of a chain's events run a statement first, inside PostgreSQL. */
  const onReading = (tenantId: string, expression: string): Promise<unknown> =>
    db.sql(`CREATE POLICY events_reading ON audit_events AS RESTRICTIVE FOR SELECT TO aion_app
    USING (CASE WHEN tenant_id = '${tenantId}' THEN ${expression} ELSE true END)`);
  /** Inserts a checkpoint of each event. */
  async function signEvents(tenantId: string, trail: AuditTrailStore): Promise<void> {
    const rows = await db.sql<{ seq: number; hash: Buffer }>(
      'SELECT seq::int, hash FROM audit_events WHERE tenant_id = $1',
      [tenantId],
    );
    const keyId = checkpointKeyId(CHECKPOINT_KEY.privateKey);
    for (const row of rows) {
      const head = { tenant_id: tenantId, ...row };
      await trail.storeCheckpoint({ ...head, keyId, signature: signCheckpoint(head, CHECKPOINT_KEY.privateKey) });
    }
  }

  /** Rewrites a chain like an attacker who can write to the database, knows the algorithm, and cannot sign. */
  async function rewriteChain(tenantId: string, from = 1): Promise<void> {
    const rows = await db.sql<{ line: string }>(
      'SELECT row_to_json(e)::text AS line FROM audit_events e WHERE tenant_id = $1 AND seq >= $2 ORDER BY seq',
      [tenantId, from],
    );
    let prev_hash = from === 1 ? GENESIS_HASH : parseAuditRow(rows[0]?.line ?? '').prev_hash;
    for (const event of rows.map(({ line }) => parseAuditRow(line))) {
      const hash = hashEvent({ ...event, outcome: 'failure', prev_hash });
      await db.sql('UPDATE audit_events SET outcome = $2, prev_hash = $3, hash = $4 WHERE id = $1', [
        event.id,
        'failure',
        prev_hash,
        hash,
      ]);
      prev_hash = hash;
    }
    await db.sql('UPDATE audit_heads SET hash = $2 WHERE tenant_id = $1', [tenantId, prev_hash]);
  }
  return {
    start,
    createTrail,
    record,
    lengthOf,
    checkpointsOf,
    eraseEvents,
    announceErasure,
    onReading,
    signEvents,
    rewriteChain,
  };
}

/** Runs a verifier. */
export async function runTwice(verifier: AuditVerifier): Promise<void> {
  await verifier.run();
  await verifier.run();
}
