export {
  formatChainHead,
  InvalidAuditRowError,
  parseAuditRow,
  parseChainHead,
  parseCheckpointRow,
  type AuditRow,
  type ChainHead,
  type CheckpointRow,
} from './audit-row.ts';
export { toCanonicalJson, type CanonicalObject } from './to-canonical-json.ts';
export { computeCommitment, GENESIS_HASH, hashEvent } from './hash-event.ts';
export { ChainVerifier, type ChainProblem, type ChainReport, type ChainVerifierOptions } from './chain-verifier.ts';
export { ERASED_CONTENT } from './erased-content.ts';
export { AUDIT_TABLES, TrailVerifier, type VerifiedChain } from './trail-verifier.ts';
export { CHECKPOINT_SIGNED, parseCheckpointLog, toCheckpointFields } from './parse-checkpoint-log.ts';
export { checkpointKeyId, verifyCheckpoint, signCheckpoint } from './sign-checkpoint.ts';
