import { BY_TENANT_ID, type DataMap } from '../table-entry.ts';

/** Who did what. */
export const AUDIT_TABLES = {
  audit_events: {
    purpose: 'Who did what, when, with which outcome; nothing of what was written or read.',
    owner: 'shared',
    tenantPath: BY_TENANT_ID,
    primaryKey: ['id'],
    references: ['tenants'],
    exportPolicy: 'rows',
    // The chain is over salted commitments: without salt and content it still verifies.
    erasure: 'anonymize',
    retention: 'audit',
    columns: {
      id: 'identity',
      tenant_id: 'identity',
      actor: { dataClass: 'identity', anonymize: true },
      action: 'operational',
      target_type: 'operational',
      target_id: 'identity',
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
    },
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
      until: 'the audit events of the tenant are gone',
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
