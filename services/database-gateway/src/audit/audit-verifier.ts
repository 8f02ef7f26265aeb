import type { KeyObject } from 'node:crypto';
import {
  checkpointKeyId,
  ChainVerifier,
  InvalidAuditRowError,
  parseAuditRow,
  parseCheckpointRow,
  signCheckpoint,
  type ChainHead,
  type ChainProblem,
} from '@aion/audit-chain';
import { toPublicKeyObject, type SigningKey } from '@aion/bundle';
import type { Logger } from '@aion/logging';
import type { Metrics } from '@aion/metrics';
import type { AuditChainLength, AuditTrail } from './audit-trail.ts';

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
  /** Signs checkpoints; without it there are none, and a chain that was written anew as a whole is not noticed. */
  readonly signingKey: SigningKey | undefined;
  /** `ssh-ed25519 AAAA...` of the keys that signed before. */
  readonly formerKeys: readonly string[];
  /** After how many milliseconds a chain is verified from its first event again. */
  readonly fullVerifyMs: number;
}

/** What was found out about a chain the last time. */
interface Verified {
  readonly head: ChainHead | undefined;
  /** When it was verified from its first event. */
  readonly fullyAt: number;
  readonly problem: string | undefined;
}

/** A chain, and what was known of it before its length was read. */
interface KnownChain {
  readonly chain: AuditChainLength;
  readonly before: Verified | undefined;
}

const PAGE_EVENTS = 1_000;

/** Creates the verifier. */
export function createAuditVerifier(options: AuditVerifierOptions): AuditVerifier {
  const { trail, logger, metrics, signingKey, fullVerifyMs } = options;
  const signers = signersOf(options);
  const verified = new Map<string | null, Verified>();

  /** Gives the chains, each with what was known of it before it was listed: it must not be shorter than that. */
  const listChains = async (): Promise<readonly KnownChain[]> => {
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
    const { head, provenSeq, events, problems } = await readChain(trail, chain, { start, signers });
    metrics.counter('aion_audit_events_verified_total').inc({}, events);
    const [problem] = problems;
    const found = problem === undefined ? undefined : `event ${problem.seq}: ${problem.kind}: ${problem.detail}`;
    if (found !== before?.problem) report(logger, chain.tenantId, found, problems.length);
    verified.set(chain.tenantId, {
      // What is not sound is looked at again from where it was.
      head: found === undefined ? head : before?.head,
      fullyAt: isFull ? startedAt : before.fullyAt,
      problem: found,
    });
    if (found !== undefined || head === undefined || signingKey === undefined || provenSeq >= head.seq) return;
    await sign(options, signingKey, head);
  };
  return {
    run: async () => {
      for (const known of await listChains()) await verify(known);
      const isSound = [...verified.values()].every(({ problem }) => problem === undefined);
      metrics.gauge('aion_audit_chain_ok').set({}, isSound ? 1 : 0);
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

/** Reads a chain from an event on, page by page, and verifies it. */
async function readChain(
  trail: AuditTrail,
  { tenantId, seq: length }: AuditChainLength,
  { start, signers }: { readonly start: ChainHead | undefined; readonly signers: readonly KeyObject[] | undefined },
) {
  const verifier = new ChainVerifier(tenantId, start);
  const unreadable: ChainProblem[] = [];
  const from = start?.seq ?? 0;
  let last = from;
  for (let lines = await trail.readEvents(tenantId, last, PAGE_EVENTS); lines.length > 0;) {
    for (const line of lines) {
      try {
        const event = parseAuditRow(line);
        last = event.seq;
        verifier.addEvent(event);
      } catch (error) {
        if (!(error instanceof InvalidAuditRowError)) throw error;
        last += 1;
        unreadable.push({ kind: 'edited', seq: last, detail: error.message });
      }
    }
    lines = await trail.readEvents(tenantId, last, PAGE_EVENTS);
  }
  for (const line of await trail.readCheckpoints(tenantId, from)) verifier.addCheckpoint(parseCheckpointRow(line));
  const report = verifier.finish(signers);
  const reached = Math.min(length, report.head?.seq ?? 0);
  const expected = Math.max(length, from);
  const detail = `the chain has ${expected} events, the last one here is ${reached}`;
  const truncated: ChainProblem[] = reached < expected ? [{ kind: 'truncated', seq: reached, detail }] : [];
  return { ...report, problems: [...unreadable, ...report.problems, ...truncated] };
}

async function sign({ trail, logger }: AuditVerifierOptions, key: SigningKey, head: ChainHead): Promise<void> {
  const keyId = checkpointKeyId(key.privateKey);
  const isNew = await trail.storeCheckpoint({ ...head, keyId, signature: signCheckpoint(head, key.privateKey) });
  if (!isNew) return;
  // The line is a copy that whoever can write to the database cannot reach.
  logger.info('Audit checkpoint signed', {
    chain: head.tenant_id ?? 'platform',
    seq: head.seq,
    hash: head.hash.toString('hex'),
    key_id: keyId,
  });
}

function report(logger: Logger, tenantId: string | null, problem: string | undefined, problems: number): void {
  const chain = tenantId ?? 'platform';
  if (problem === undefined) logger.info('The audit chain holds', { chain });
  else logger.error('The audit chain is broken: somebody has changed the audit trail', { chain, problem, problems });
}
