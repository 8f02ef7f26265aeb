import { BY_TENANT_ID, type DataMap } from '../table-entry.ts';

/** Tables of the audit trail. */
export const AUDIT_TABLES = {
  audit_events: {
    purpose: 'Actions with actor, time and outcome; no content that was written or read.',
    owner: 'shared',
    tenantPath: BY_TENANT_ID,
    primaryKey: ['id'],
    references: ['tenants'],
    exportPolicy: 'rows',
    // The chain is over salted commitments: without salt, and with ERASED_CONTENT of audit-chain, it still verifies.
    erasure: 'anonymize',
    retention: 'audit',
    columns: {
      id: 'identity',
      tenant_id: 'identity',
      actor: { dataClass: 'identity', anonymize: true },
      action: 'operational',
      target_type: 'operational',
      target_id: { dataClass: 'identity', anonymize: true },
      target_path: { dataClass: 'operational', anonymize: true },
      outcome: 'operational',
      request_id: { dataClass: 'operational', anonymize: true },
      correlation_id: { dataClass: 'operational', anonymize: true },
      trace_id: { dataClass: 'operational', anonymize: true },
      created_at: 'operational',
      seq: 'operational',
      prev_hash: 'operational',
      hash: 'operational',
      salt: { dataClass: 'operational', anonymize: true },
      commitment: 'operational',
    },
  },
  audit_heads: {
    purpose: 'The head of each chain of audit events, which only a trigger updates.',
    owner: 'shared',
    tenantPath: BY_TENANT_ID,
    primaryKey: ['chain_id'],
    references: ['tenants'],
    exportPolicy: {
      excluded: 'The events contain the end of their chain, and the checkpoints prove that it is not truncated.',
    },
    erasure: {
      retain: 'The number and hash of the last event, without which the chain could not continue.',
      until: 'the audit events of the tenant are deleted',
    },
    retention: 'audit',
    columns: { chain_id: 'identity', tenant_id: 'identity', seq: 'operational', hash: 'operational' },
  },
  audit_checkpoints: {
    purpose: 'Signed states of the chain of audit events, against its truncation.',
    owner: 'shared',
    tenantPath: BY_TENANT_ID,
    primaryKey: ['id'],
    references: ['tenants'],
    exportPolicy: 'rows',
    erasure: {
      retain: 'Hashes and signatures, without which the audit trail cannot be verified.',
      until: 'the audit events of the tenant are deleted',
    },
    retention: 'audit',
    columns: {
      id: 'identity',
      tenant_id: 'identity',
      seq: 'operational',
      hash: 'operational',
      signature: 'operational',
      key_id: 'operational',
      created_at: 'operational',
    },
  },
} as const satisfies DataMap;
