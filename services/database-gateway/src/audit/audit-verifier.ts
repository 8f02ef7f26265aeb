import type { KeyObject } from 'node:crypto';
import {
  CHECKPOINT_SIGNED,
  checkpointKeyId,
  signCheckpoint,
  toCheckpointFields,
  type ChainHead,
  type ChainReport,
} from '@aion/audit-chain';
import { toPublicKeyObject, type SigningKey } from '@aion/bundle';
import { UnavailableError } from '@aion/errors';
import type { Logger } from '@aion/logging';
import type { Metrics } from '@aion/metrics';
import { isError } from '../database/database-error.ts';
import type { AuditChainLength, AuditTrailStore } from './audit-trail-store.ts';
import type { HeadsFile } from './heads-file.ts';
import { readChain, type ReadChainOptions } from './read-chain.ts';

/** Verifier of the chains of the audit trail, which signs checkpoints. */
export interface AuditVerifier {
  /** Verifies new events of every chain, and after `fullVerifyMs` each chain from its first event. */
  run(): Promise<void>;
  /** Verifies new events of one chain and signs a checkpoint for an export. Never throws. */
  checkpoint(tenantId: string): Promise<void>;
}

/** Options of `createAuditVerifier`. */
export interface AuditVerifierOptions {
  readonly trail: AuditTrailStore;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Key that signs checkpoints; without it, a replaced chain is detected only by heads of earlier verifications. */
  readonly signingKey: SigningKey | undefined;
  /** Public keys (`ssh-ed25519 AAAA...`) of earlier signing keys. */
  readonly formerKeys: readonly string[];
  /** Time after which a chain is verified from its first event again. */
  readonly fullVerifyMs: number;
  /** Heads from earlier processes. */
  readonly headsFile: HeadsFile;
}

/** Result of the last verification of a chain. */
interface Verified {
  /** Head of the last verification without a problem. */
  readonly head: ChainHead | undefined;
  /** Time of the last complete verification without a problem. */
  readonly fullyAt: number;
  readonly problem: string | undefined;
}

/** A chain, with the result from before its length was read. */
interface KnownChain {
  readonly chain: AuditChainLength;
  readonly before: Verified | undefined;
}

/** Part of the report of a chain that the verifier uses. */
type ChainReading = Pick<ChainReport, 'head' | 'provenSeq' | 'events' | 'problems' | 'moreProblems'>;

/** Creates the verifier. */
export function createAuditVerifier(options: AuditVerifierOptions): AuditVerifier {
  const { trail, logger, metrics, signingKey, fullVerifyMs, headsFile } = options;
  const signers = toSigners(options);
  const verified = new Map<string | null, Verified>();
  let isHeadsFileRead = false;

  /** Loads the heads of the previous process; their chains are still verified from the first event. */
  const readHeadsOnce = async (): Promise<void> => {
    if (isHeadsFileRead) return;
    for (const head of await headsFile.read()) {
      if (!verified.has(head.tenant_id)) {
        verified.set(head.tenant_id, { head, fullyAt: -Infinity, problem: undefined });
      }
    }
    isHeadsFileRead = true;
  };

  /** Lists the chains with results from before the listing: no chain may be shorter than its earlier head. */
  const listChains = async (): Promise<readonly KnownChain[]> => {
    await readHeadsOnce();
    const known = new Map(verified);
    const listed = await trail.listChains();
    const present = new Set(listed.map(({ tenantId }) => tenantId));
    const gone = [...known.keys()].filter((tenantId) => !present.has(tenantId));
    return [...listed, ...gone.map((tenantId) => ({ tenantId, seq: 0 }))].map((chain) => ({
      chain,
      before: known.get(chain.tenantId),
    }));
  };
  const verify = async ({ chain, before }: KnownChain): Promise<void> => {
    const isFull = before?.head === undefined || performance.now() - before.fullyAt >= fullVerifyMs;
    const hasNothingNew = !isFull && before.problem === undefined && before.head.seq === chain.seq;
    if (hasNothingNew) return;
    const startedAt = performance.now();
    const start = isFull ? undefined : before.head;
    const reading = await tryReadChain(trail, chain, { start, known: before?.head, signers });
    const { head, provenSeq, events, problems, moreProblems } = reading;
    metrics.counter('aion_audit_events_verified_total').inc({}, events);
    const [problem] = problems;
    const found = problem === undefined ? undefined : `event ${problem.seq}: ${problem.kind}: ${problem.detail}`;
    if (found !== before?.problem) report(logger, chain.tenantId, found, problems.length + moreProblems);
    // Set here as well, in case another chain cannot be read afterwards.
    if (found !== undefined) metrics.gauge('aion_audit_chain_ok').set({}, 0);
    const isSigned = found !== undefined || head === undefined || provenSeq >= head.seq;
    if (signingKey !== undefined && !isSigned) await sign(options, signingKey, head);
    // A chain with a problem is verified again from its last sound head, or completely if it has none.
    verified.set(chain.tenantId, {
      head: found === undefined ? head : before?.head,
      fullyAt: isFull && found === undefined ? startedAt : (before?.fullyAt ?? -Infinity),
      problem: found,
    });
  };
  return {
    run: async () => {
      for (const known of await listChains()) await verify(known);
      const isSound = [...verified.values()].every(({ problem }) => problem === undefined);
      metrics.gauge('aion_audit_chain_ok').set({}, isSound ? 1 : 0);
      await headsFile.write([...verified.values()].flatMap(({ head }) => head ?? []));
      metrics.gauge('aion_job_last_success_timestamp_seconds').set({ job: 'audit-verify' }, Date.now() / 1_000);
    },
    checkpoint: async (tenantId) => {
      try {
        const known = (await listChains()).find(({ chain }) => chain.tenantId === tenantId);
        if (known !== undefined) await verify(known);
      } catch (error) {
        logger.warn('Audit checkpoint could not be signed, export continues', { error });
      }
    },
  };
}

function toSigners({ signingKey, formerKeys }: AuditVerifierOptions): readonly KeyObject[] | undefined {
  if (signingKey === undefined) return undefined;
  return [signingKey.publicKey, ...formerKeys].map(toPublicKeyObject);
}

/** Reads and verifies a chain. An error of the database for its rows is a problem of this chain alone. */
async function tryReadChain(
  trail: AuditTrailStore,
  chain: AuditChainLength,
  options: ReadChainOptions,
): Promise<ChainReading> {
  try {
    return await readChain(trail, chain, options);
  } catch (error) {
    // The database is unavailable, which concerns all chains.
    if (error instanceof UnavailableError) throw error;
    const detail = isError(error) ? error.message : String(error);
    const problems = [{ kind: 'unreadable', seq: options.start?.seq ?? 0, detail }] as const;
    return { head: undefined, provenSeq: 0, events: 0, problems, moreProblems: 0 };
  }
}

async function sign({ trail, logger }: AuditVerifierOptions, key: SigningKey, head: ChainHead): Promise<void> {
  const keyId = checkpointKeyId(key.privateKey);
  const isNew = await trail.storeCheckpoint({ ...head, keyId, signature: signCheckpoint(head, key.privateKey) });
  if (!isNew) return;
  logger.info(CHECKPOINT_SIGNED, { ...toCheckpointFields(head), key_id: keyId });
}

function report(logger: Logger, tenantId: string | null, problem: string | undefined, problems: number): void {
  const chain = tenantId ?? 'platform';
  if (problem === undefined) logger.info('Audit chain valid again', { chain });
  else
    logger.error('Audit chain invalid: the audit trail was modified, or cannot be read', {
      chain,
      problem,
      problems,
    });
}
