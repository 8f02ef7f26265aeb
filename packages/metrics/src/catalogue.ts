/** The types of instruments. */
export type MetricType = 'counter' | 'gauge' | 'histogram';

/** One metric: what it is before anything emits it. */
export interface MetricDeclaration {
  readonly type: MetricType;
  readonly help: string;
  readonly labels: readonly string[];
  /** Upper bounds; thresholds of alerts must be among them. */
  readonly buckets?: readonly number[];
}

const HTTP_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] as const;
const DATABASE_SECONDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10] as const;
const INFERENCE_SECONDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 45, 60, 120] as const;
const JOB_SECONDS = [0.1, 0.5, 1, 5, 15, 30, 60, 120, 300, 600, 1_800, 3_600] as const;

/**
 * Every metric of AION. Labels hold values of closed sets only: never an id, a tenant, a key, a raw URL or a raw model
 * name.
 */
export const CATALOGUE = {
  http_requests_total: {
    type: 'counter',
    help: 'Requests that have ended, by matched route template and status; 499 when the client went away.',
    labels: ['method', 'path', 'status'],
  },
  http_request_duration_seconds: {
    type: 'histogram',
    help: 'Time from the arrival of a request to the close of its response.',
    labels: ['method', 'path', 'status'],
    buckets: HTTP_SECONDS,
  },
  http_requests_in_flight: { type: 'gauge', help: 'Requests that have not ended.', labels: ['method'] },
  http_client_request_duration_seconds: {
    type: 'histogram',
    help: 'Time from sending a request to another service of AION to the head of its response.',
    labels: ['peer', 'method', 'path', 'status'],
    buckets: HTTP_SECONDS,
  },
  db_query_duration_seconds: {
    type: 'histogram',
    help: 'Time of database queries.',
    labels: ['operation', 'table'],
    buckets: DATABASE_SECONDS,
  },
  db_query_errors_total: {
    type: 'counter',
    help: 'Failed database queries by class of SQLSTATE.',
    labels: ['operation', 'table', 'error'],
  },
  db_transactions_total: { type: 'counter', help: 'Database transactions that have ended.', labels: ['outcome'] },
  db_connections: { type: 'gauge', help: 'Connections of the pool.', labels: ['pool', 'state'] },
  db_connections_max: { type: 'gauge', help: 'The most connections that the pool opens.', labels: ['pool'] },
  db_connections_pending: { type: 'gauge', help: 'Callers that wait for a connection.', labels: ['pool'] },
  ai_inference_requests_total: {
    type: 'counter',
    help: 'Inference requests that were routed to a provider.',
    labels: ['provider', 'model'],
  },
  ai_inference_duration_seconds: {
    type: 'histogram',
    help: 'Time from the call of a provider to the end of its answer.',
    labels: ['provider', 'model'],
    buckets: INFERENCE_SECONDS,
  },
  ai_time_to_first_token_seconds: {
    type: 'histogram',
    help: "Time from the call of a provider to the first bytes of its answer's content.",
    labels: ['provider', 'model'],
    buckets: INFERENCE_SECONDS,
  },
  ai_inference_errors_total: {
    type: 'counter',
    help: 'Inference requests that failed, by kind; the prefix says whose fault it was.',
    labels: ['provider', 'model', 'error_type'],
  },
  ai_tokens_total: { type: 'counter', help: 'Tokens used.', labels: ['provider', 'model', 'direction'] },
  ai_cost_usd_total: { type: 'counter', help: 'Cost of inference in US dollars.', labels: ['provider', 'model'] },
  ai_active_sessions: { type: 'gauge', help: 'Inference requests in progress.', labels: ['provider'] },
  aion_queue_job_duration_seconds: {
    type: 'histogram',
    help: 'Time that a worker spent on a job.',
    labels: ['queue', 'outcome'],
    buckets: JOB_SECONDS,
  },
  aion_exports_total: { type: 'counter', help: 'Exports that have ended.', labels: ['outcome'] },
  aion_export_rows_total: { type: 'counter', help: 'Rows written to bundles.', labels: [] },
  aion_export_bytes_total: { type: 'counter', help: 'Plain bytes written to bundles.', labels: [] },
  aion_export_duration_seconds: {
    type: 'histogram',
    help: 'Time from the request of an export to its end.',
    labels: ['outcome'],
    buckets: JOB_SECONDS,
  },
  aion_outbox_oldest_age_seconds: {
    type: 'gauge',
    help: 'Age of the oldest outbox row that is not published; 0 when there is none.',
    labels: [],
  },
  aion_build_info: { type: 'gauge', help: 'Always 1; the labels say what is running.', labels: ['service', 'version'] },
} as const satisfies Record<string, MetricDeclaration>;

/** The catalogue's type. */
export type Catalogue = typeof CATALOGUE;
/** The names of the metrics of one type. */
export type MetricName<T extends MetricType> = {
  [N in keyof Catalogue]: Catalogue[N]['type'] extends T ? N : never;
}[keyof Catalogue];
/** The labels of a metric, all of which must be given. */
export type LabelsOf<N extends keyof Catalogue> = Readonly<Record<Catalogue[N]['labels'][number], string>>;
