import { OPERATIONS, POOLS } from './label-sets.ts';
import type { MetricDeclaration } from './metric-declaration.ts';

const SECONDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10] as const;
const OUTCOMES = ['commit', 'rollback'] as const;
/**
 * Why queries fail: what PostgreSQL's SQLSTATEs come down to. Constraints, deadlocks and serialisation failures are told
 * apart: callers cause them, and a retry mends some.
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

/** What the database gateway says of PostgreSQL. */
export const DATABASE_METRICS = {
  db_query_duration_seconds: {
    type: 'histogram',
    help: 'Time of database queries.',
    unit: 'seconds',
    subject,
    labels: query,
    buckets: SECONDS,
    emittedBy,
  },
  db_query_errors_total: {
    type: 'counter',
    help: 'Failed database queries by class of SQLSTATE.',
    unit: 'count',
    subject,
    labels: { ...query, error: DATABASE_ERROR_CLASSES },
    emittedBy,
  },
  db_slow_queries_total: {
    type: 'counter',
    help: 'Queries that took longer than the threshold of slow queries; streams are not counted.',
    unit: 'count',
    subject,
    labels: query,
    emittedBy,
  },
  db_transactions_total: {
    type: 'counter',
    help: 'Database transactions that have ended.',
    unit: 'count',
    subject,
    labels: { outcome: OUTCOMES },
    emittedBy,
  },
  db_transaction_duration_seconds: {
    type: 'histogram',
    help: 'Time from the begin of a transaction to its end.',
    unit: 'seconds',
    subject,
    labels: { outcome: OUTCOMES },
    buckets: SECONDS,
    emittedBy,
  },
  db_connections: {
    type: 'gauge',
    help: 'Connections of the pool.',
    unit: 'count',
    subject,
    labels: { pool: POOLS, state: ['active', 'idle'] },
    emittedBy,
  },
  db_connections_max: {
    type: 'gauge',
    help: 'The most connections that the pool opens.',
    unit: 'count',
    subject,
    labels: { pool: POOLS },
    emittedBy,
  },
  db_connections_pending: {
    type: 'gauge',
    help: 'Callers that wait for a connection.',
    unit: 'count',
    subject,
    labels: { pool: POOLS },
    emittedBy,
  },
  db_connection_wait_seconds: {
    type: 'histogram',
    help: 'Time that callers waited for a connection, in vain or not.',
    unit: 'seconds',
    subject,
    labels: { pool: POOLS },
    buckets: SECONDS,
    emittedBy,
  },
  db_connection_timeouts_total: {
    type: 'counter',
    help: 'Callers that got no connection in time.',
    unit: 'count',
    subject,
    labels: { pool: POOLS },
    emittedBy,
  },
  db_connection_rejections_total: {
    type: 'counter',
    help: 'Callers that were turned away because too many waited for a connection already.',
    unit: 'count',
    subject,
    labels: { pool: POOLS },
    emittedBy,
  },
  db_transaction_retries_total: {
    type: 'counter',
    help: 'Transactions that ran again because PostgreSQL gave them up for the sake of another, by what they met.',
    unit: 'count',
    subject,
    labels: { error: ['serialization', 'deadlock'] },
    emittedBy,
  },
} as const satisfies Record<string, MetricDeclaration>;
