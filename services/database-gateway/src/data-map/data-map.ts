/** What a column holds, from the point of view of the law and of a leak. */
export type DataClass = 'identity' | 'content' | 'accounting' | 'secret' | 'operational';

/** What an export does with something: takes it, or leaves it out for a reason that the tenant can read. */
export type ExportPolicy = 'rows' | { readonly excluded: string };

/** A column: its data class, and why an export leaves it out if it does. */
export type ColumnEntry = DataClass | { readonly dataClass: DataClass; readonly excluded: string };

/** A table: whose it is, what an export does with it, in which order, and its columns. */
export interface TableEntry {
  /** The column that holds the tenant's id, or null for a table of the platform. */
  readonly tenantColumn: string | null;
  readonly exportPolicy: ExportPolicy;
  /** The columns of the primary key: the order of an export. */
  readonly primaryKey: readonly [string, ...string[]];
  readonly columns: Readonly<Record<string, ColumnEntry>>;
}

const migrationBookkeeping = { excluded: 'Bookkeeping of migrations; belongs to the platform, not to a tenant.' };

/**
 * Every table and column. A table or column that is missing here fails the tests, and at run time stops every export: no
 * data of a tenant leaves, or is left out, without a decision.
 */
export const DATA_MAP = {
  tenants: {
    tenantColumn: 'id',
    exportPolicy: 'rows',
    primaryKey: ['id'],
    columns: { id: 'identity', name: 'identity', created_at: 'operational' },
  },
  api_keys: {
    tenantColumn: 'tenant_id',
    exportPolicy: 'rows',
    primaryKey: ['id'],
    columns: {
      id: 'identity',
      tenant_id: 'identity',
      name: 'identity',
      prefix: 'operational',
      key_hash: {
        dataClass: 'secret',
        excluded: 'A keyed hash of a secret: useless to its owner, useful to an attacker.',
      },
      scopes: 'operational',
      created_at: 'operational',
      expires_at: 'operational',
      revoked_at: 'operational',
    },
  },
  generations: {
    tenantColumn: 'tenant_id',
    exportPolicy: 'rows',
    primaryKey: ['id'],
    columns: {
      id: 'identity',
      tenant_id: 'identity',
      api_key_id: 'identity',
      status: 'accounting',
      provider: 'accounting',
      model: 'accounting',
      stream: 'accounting',
      estimated_prompt_tokens: 'accounting',
      prompt_tokens: 'accounting',
      completion_tokens: 'accounting',
      usage_source: 'accounting',
      cost_micro_usd: 'accounting',
      duration_ms: 'accounting',
      time_to_first_token_ms: 'accounting',
      error_type: 'accounting',
      trace_id: 'operational',
      correlation_id: 'operational',
      created_at: 'accounting',
      settled_at: 'accounting',
    },
  },
  generation_contents: {
    tenantColumn: 'tenant_id',
    exportPolicy: 'rows',
    primaryKey: ['generation_id'],
    columns: {
      generation_id: 'identity',
      tenant_id: 'identity',
      request: 'content',
      response: 'content',
      created_at: 'operational',
    },
  },
  audit_events: {
    tenantColumn: 'tenant_id',
    exportPolicy: 'rows',
    primaryKey: ['id'],
    columns: {
      id: 'identity',
      tenant_id: 'identity',
      actor: 'identity',
      action: 'operational',
      target_type: 'operational',
      target_id: 'identity',
      target_path: 'operational',
      outcome: 'operational',
      request_id: 'operational',
      correlation_id: 'operational',
      trace_id: 'operational',
      created_at: 'operational',
    },
  },
  export_jobs: {
    tenantColumn: 'tenant_id',
    exportPolicy: 'rows',
    primaryKey: ['id'],
    columns: {
      id: 'identity',
      tenant_id: 'identity',
      api_key_id: 'identity',
      recipient: 'identity',
      state: 'operational',
      epoch: 'operational',
      lease_until: 'operational',
      queued_times: 'operational',
      version: 'operational',
      tables_total: 'operational',
      tables_done: 'operational',
      rows_total: 'operational',
      rows_done: 'operational',
      bytes_done: 'operational',
      bundle_files: 'operational',
      bundle_bytes: 'operational',
      bundle_rows: 'operational',
      manifest_sha256: 'operational',
      failure_code: 'operational',
      failure_message: 'operational',
      created_at: 'operational',
      updated_at: 'operational',
      progressed_at: 'operational',
      started_at: 'operational',
      finished_at: 'operational',
    },
  },
  export_files: {
    tenantColumn: 'tenant_id',
    exportPolicy: { excluded: 'Where the files of earlier bundles are stored; each bundle carries its own manifest.' },
    primaryKey: ['export_id', 'position'],
    columns: {
      export_id: 'identity',
      position: 'operational',
      tenant_id: 'identity',
      epoch: 'operational',
      path: 'operational',
      key: 'operational',
      bytes: 'operational',
      sha256: 'operational',
    },
  },
  outbox: {
    tenantColumn: 'tenant_id',
    exportPolicy: { excluded: 'Delivery of ids to the queue; holds nothing that the exported tables lack.' },
    primaryKey: ['id'],
    columns: {
      id: 'identity',
      tenant_id: 'identity',
      dedupe_key: 'operational',
      topic: 'operational',
      payload: 'operational',
      carrier: 'operational',
      created_at: 'operational',
      available_at: 'operational',
      published_at: 'operational',
      attempts: 'operational',
      last_error: 'operational',
    },
  },
  schema_migrations: {
    tenantColumn: null,
    exportPolicy: migrationBookkeeping,
    primaryKey: ['id'],
    columns: { id: 'operational', name: 'operational', batch: 'operational', migration_time: 'operational' },
  },
  schema_migrations_lock: {
    tenantColumn: null,
    exportPolicy: migrationBookkeeping,
    primaryKey: ['index'],
    columns: { index: 'operational', is_locked: 'operational' },
  },
} as const satisfies Readonly<Record<string, TableEntry>>;

/** The names of the tables. */
export type TableName = keyof typeof DATA_MAP;
