import type { MetricDeclaration } from './metric-declaration.ts';

const SECONDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10] as const;
const OUTCOMES = ['commit', 'rollback'] as const;
const POOLS = ['requests', 'exports'] as const;
/** Verbs of queries; `CALL` is used for functions that serve all tenants. */
const OPERATIONS = ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'CALL', 'COPY'] as const;
/**
 * Classes of query errors, derived from SQLSTATEs. Constraint violations, deadlocks and serialisation failures have their own
 * classes, because callers cause them and a retry may succeed.
 */
export const DATABASE_ERROR_CLASSES = [
  'unique_violation',
  'serialization',
  'deadlock',
  'timeout',
  'connection',
  'data',
  'constraint',
  'statement',
  'resources',
  'disk_full',
  'operator_intervention',
  'cancelled',
  'other',
] as const;
/** One of `DATABASE_ERROR_CLASSES`. */
export type DatabaseErrorClass = (typeof DATABASE_ERROR_CLASSES)[number];

const emittedBy = ['database-gateway'] as const;
const query = { operation: OPERATIONS, table: 'table' } as const;
const subject = 'db' as const;

/** Metrics of PostgreSQL, emitted by database-gateway. */
export const DATABASE_METRICS = {
  db_query_duration_seconds: {
    type: 'histogram',
    help: 'Duration of database queries.',
    unit: 'seconds',
    subject,
    labels: query,
    buckets: SECONDS,
    emittedBy,
  },
  db_query_errors_total: {
    type: 'counter',
    help: 'Failed database queries by error class.',
    unit: 'count',
    subject,
    labels: { ...query, error: DATABASE_ERROR_CLASSES },
    emittedBy,
  },
  db_slow_queries_total: {
    type: 'counter',
    help: 'Queries that took longer than the slow-query threshold; streams are not counted.',
    unit: 'count',
    subject,
    labels: query,
    emittedBy,
  },
  db_transactions_total: {
    type: 'counter',
    help: 'Completed database transactions.',
    unit: 'count',
    subject,
    labels: { outcome: OUTCOMES },
    emittedBy,
  },
  db_transaction_duration_seconds: {
    type: 'histogram',
    help: 'Duration of database transactions.',
    unit: 'seconds',
    subject,
    labels: { outcome: OUTCOMES },
    buckets: SECONDS,
    emittedBy,
  },
  db_connections: {
    type: 'gauge',
    help: 'Open connections of the pool.',
    unit: 'count',
    subject,
    labels: { pool: POOLS, state: ['active', 'idle'] },
    emittedBy,
  },
  db_connections_max: {
    type: 'gauge',
    help: 'Maximum number of connections of the pool.',
    unit: 'count',
    subject,
    labels: { pool: POOLS },
    emittedBy,
  },
  db_connections_pending: {
    type: 'gauge',
    help: 'Callers waiting for a connection.',
    unit: 'count',
    subject,
    labels: { pool: POOLS },
    emittedBy,
  },
  db_connection_wait_seconds: {
    type: 'histogram',
    help: 'Time that callers waited for a connection, successfully or not.',
    unit: 'seconds',
    subject,
    labels: { pool: POOLS },
    buckets: SECONDS,
    emittedBy,
  },
  db_connection_timeouts_total: {
    type: 'counter',
    help: 'Callers whose wait for a connection timed out.',
    unit: 'count',
    subject,
    labels: { pool: POOLS },
    emittedBy,
  },
  db_connection_rejections_total: {
    type: 'counter',
    help: 'Callers rejected because too many were already waiting for a connection.',
    unit: 'count',
    subject,
    labels: { pool: POOLS },
    emittedBy,
  },
  db_transaction_retries_total: {
    type: 'counter',
    help: 'Retries of transactions that PostgreSQL aborted because of a conflict, by error class.',
    unit: 'count',
    subject,
    labels: { error: ['serialization', 'deadlock'] },
    emittedBy,
  },
} as const satisfies Record<string, MetricDeclaration>;
