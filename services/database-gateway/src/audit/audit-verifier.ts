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
import type { AuditChainLength, AuditTrail } from './audit-trail.ts';
import type { HeadsFile } from './heads-file.ts';
import { readChain, type ReadChainOptions } from './read-chain.ts';

/** Verifies the chains of the audit trail and signs how far they have come. */
export interface AuditVerifier {
  /** Verifies what is new in every chain, and now and then all of them from their first event. */
  run(): Promise<void>;
  /** Verifies what is new in one chain and signs it, so that an export carries a checkpoint. Never throws. */
  checkpoint(tenantId: string): Promise<void>;
}

/** What a verifier works with. */
export interface AuditVerifierOptions {
  readonly trail: AuditTrail;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Signs checkpoints; without it there are none, and only what was seen before tells that a chain is another one. */
  readonly signingKey: SigningKey | undefined;
  /** `ssh-ed25519 AAAA...` of the keys that signed before. */
  readonly formerKeys: readonly string[];
  /** After how many milliseconds a chain is verified from its first event again. */
  readonly fullVerifyMs: number;
  /** What processes before this one have seen. */
  readonly headsFile: HeadsFile;
}

/** What was found out about a chain the last time. */
interface Verified {
  /** Where it ended when it was sound. */
  readonly head: ChainHead | undefined;
  /** When it was last sound from its first event on. */
  readonly fullyAt: number;
  readonly problem: string | undefined;
}

/** A chain, and what was known of it before its length was read. */
interface KnownChain {
  readonly chain: AuditChainLength;
  readonly before: Verified | undefined;
}

/** What a verifier wants to know of a chain. */
type ChainReading = Pick<ChainReport, 'head' | 'provenSeq' | 'events' | 'problems' | 'moreProblems'>;

/** Creates the verifier. */
export function createAuditVerifier(options: AuditVerifierOptions): AuditVerifier {
  const { trail, logger, metrics, signingKey, fullVerifyMs, headsFile } = options;
  const signers = signersOf(options);
  const verified = new Map<string | null, Verified>();
  let isRemembered = false;

  /** Begins with what was seen by the process before, as that of which all is still to be verified. */
  const remember = async (): Promise<void> => {
    if (isRemembered) return;
    for (const head of await headsFile.read()) {
      if (!verified.has(head.tenant_id)) {
        verified.set(head.tenant_id, { head, fullyAt: -Infinity, problem: undefined });
      }
    }
    isRemembered = true;
  };

  /** Gives the chains, each with what was known of it before it was listed: it must not be shorter than that. */
  const listChains = async (): Promise<readonly KnownChain[]> => {
    await remember();
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
    const reading = await tryReading(trail, chain, { start, known: before?.head, signers });
    const { head, provenSeq, events, problems, moreProblems } = reading;
    metrics.counter('aion_audit_events_verified_total').inc({}, events);
    const [problem] = problems;
    const found = problem === undefined ? undefined : `event ${problem.seq}: ${problem.kind}: ${problem.detail}`;
    if (found !== before?.problem) report(logger, chain.tenantId, found, problems.length + moreProblems);
    // Also when another chain then cannot be read.
    if (found !== undefined) metrics.gauge('aion_audit_chain_ok').set({}, 0);
    const isSigned = found !== undefined || head === undefined || provenSeq >= head.seq;
    if (signingKey !== undefined && !isSigned) await sign(options, signingKey, head);
    // What is not sound is looked at again from where it was, and all of it when that was the first event.
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
        logger.warn('The audit trail could not be signed; the export goes on', { error });
      }
    },
  };
}

function signersOf({ signingKey, formerKeys }: AuditVerifierOptions): readonly KeyObject[] | undefined {
  if (signingKey === undefined) return undefined;
  return [signingKey.publicKey, ...formerKeys].map(toPublicKeyObject);
}

/** What was read of a chain. Where the database gives an error for it, that is a problem of this chain alone. */
async function tryReading(
  trail: AuditTrail,
  chain: AuditChainLength,
  options: ReadChainOptions,
): Promise<ChainReading> {
  try {
    return await readChain(trail, chain, options);
  } catch (error) {
    // The database cannot be reached: nothing is known of any chain.
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
  if (problem === undefined) logger.info('The audit chain holds', { chain });
  else
    logger.error('The audit chain does not hold: somebody has changed the audit trail, or it cannot be read', {
      chain,
      problem,
      problems,
    });
}
