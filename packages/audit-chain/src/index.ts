export {
  InvalidAuditRowError,
  parseAuditRow,
  parseCheckpointRow,
  type AuditRow,
  type CheckpointRow,
} from './audit-row.ts';
export { toCanonicalJson, type CanonicalObject } from './canonical-json.ts';
export { commitTo, GENESIS_HASH, hashEvent } from './chain-hash.ts';
export { ChainVerifier, type ChainProblem, type ChainReport } from './chain-verifier.ts';
export { AUDIT_TABLES, TrailVerifier, type VerifiedChain } from './trail-verifier.ts';
export { checkpointKeyId, isCheckpointOf, signCheckpoint, type ChainHead } from './checkpoint.ts';
