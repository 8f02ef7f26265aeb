import type { Logger } from '@aion/logging';
import { type DatabaseErrorClass, type Metrics } from '@aion/metrics';
import { failSpan, openSpan } from '@aion/tracing';
import { SpanKind, trace, type Span } from '@opentelemetry/api';
import { errorClass } from './error-class.ts';
import { listQueryNames, type QueryName } from './query-name.ts';
import type { Conflict } from './retry-conflicts.ts';

/** A running query. The first call ends it; further calls have no effect. */
export interface RunningQuery {
  succeed(): void;
  fail(thrown: unknown): void;
}

/** Telemetry of queries: a span, metrics and, for a slow query, a log line. */
export interface QueryInstruments {
  /** Begins a query that ends later than a function call, such as a stream. Prefer `observe`. */
  begin(name: QueryName): RunningQuery;
  observe<T>(name: QueryName, run: () => Promise<T>): Promise<T>;
  /** Counts a transaction that has ended; `startedAt` is `performance.now()` before its BEGIN. */
  endTransaction(outcome: TransactionOutcome, startedAt: number): void;
  /** Counts a transaction that runs again. */
  retryTransaction(conflict: Conflict): void;
}

/** End of a transaction; one whose COMMIT fails is rolled back. */
export type TransactionOutcome = 'commit' | 'rollback';

/** Options of `createQueryInstruments`. */
export interface QueryInstrumentsOptions {
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** A longer query is slow; default 2 000. */
  readonly slowQueryMs?: number;
}

const DEFAULT_SLOW_QUERY_MS = 2_000;

/** Creates the telemetry of a database. */
export function createQueryInstruments(options: QueryInstrumentsOptions): QueryInstruments {
  const { slowQueryMs = DEFAULT_SLOW_QUERY_MS } = options;
  const durations = options.metrics.histogram('db_query_duration_seconds');
  const errors = options.metrics.counter('db_query_errors_total');
  const slow = options.metrics.counter('db_slow_queries_total');
  const transactions = options.metrics.counter('db_transactions_total');
  const transactionDurations = options.metrics.histogram('db_transaction_duration_seconds');
  const retries = options.metrics.counter('db_transaction_retries_total');
  startAtZero(options.metrics);

  const begin = (name: QueryName): RunningQuery => {
    const { operation, table } = name;
    const startedAt = performance.now();
    const span = beginSpan(name);
    let isOver = false;
    const end = (): void => {
      isOver = true;
      span?.end();
      const durationMs = performance.now() - startedAt;
      durations.observe({ operation, table }, durationMs / 1_000);
      // A stream takes as long as its reader.
      if (durationMs <= slowQueryMs || operation === 'COPY') return;
      slow.inc({ operation, table });
      options.logger.warn('Slow query', { operation, table, duration_ms: Math.round(durationMs) });
    };
    return {
      succeed: () => {
        if (!isOver) end();
      },
      fail: (thrown) => {
        if (isOver) return;
        errors.inc({ operation, table, error: errorClass(thrown) });
        if (span !== undefined) failSpan(span, thrown);
        end();
      },
    };
  };

  return {
    begin,
    observe: async (name, run) => {
      const running = begin(name);
      try {
        const result = await run();
        running.succeed();
        return result;
      } catch (error) {
        running.fail(error);
        throw error;
      }
    },
    endTransaction: (outcome, startedAt) => {
      transactions.inc({ outcome });
      transactionDurations.observe({ outcome }, (performance.now() - startedAt) / 1_000);
    },
    retryTransaction: (conflict) => retries.inc({ error: conflict }),
  };
}

/** Classes that neither a caller causes nor a retry fixes: an alert must detect their first occurrence. */
const FAULTS = [
  'connection',
  'timeout',
  'resources',
  'disk_full',
  'statement',
] as const satisfies readonly DatabaseErrorClass[];

/** Initializes series at zero: `rate()` misses the first value of a new series. The catalogue does not contain tables. */
function startAtZero(metrics: Metrics): void {
  for (const name of listQueryNames()) {
    metrics.histogram('db_query_duration_seconds').zero({ ...name });
    if (name.operation !== 'COPY') metrics.counter('db_slow_queries_total').inc({ ...name }, 0);
    for (const error of FAULTS) metrics.counter('db_query_errors_total').inc({ ...name, error }, 0);
  }
}

/** Begins a span within a trace only: a separate trace for each polling query would hide those of requests. */
function beginSpan({ operation, table }: QueryName): Span | undefined {
  if (trace.getActiveSpan() === undefined) return undefined;
  const { span } = openSpan(`${operation} ${table}`, {
    subject: 'db',
    kind: SpanKind.CLIENT,
    attributes: {
      'db.system.name': 'postgresql',
      'db.operation.name': operation,
      'db.collection.name': table,
    },
  });
  return span;
}
