import type { Logger } from '@aion/logging';
import type { Metrics } from '@aion/metrics';
import { failSpan, openSpan } from '@aion/tracing';
import { SpanKind, trace, type Span } from '@opentelemetry/api';
import type { TableName } from '../data-map/data-map.ts';
import { errorClass } from './database-error.ts';

/** What telemetry calls a query. */
export interface QueryName {
  /** `CALL` is for the functions that serve all tenants. */
  readonly operation: 'SELECT' | 'INSERT' | 'UPDATE' | 'CALL' | 'COPY';
  /** The table that it is about; `pg_catalog` for the catalogue and probes. */
  readonly table: TableName | 'pg_catalog';
}

/** A query that is running. Exactly one of both ends it; a second call does nothing. */
export interface RunningQuery {
  succeed(): void;
  fail(thrown: unknown): void;
}

/** What telemetry sees of queries: a span, metrics and, for a slow one, a log line. */
export interface QueryInstruments {
  /** For a query whose end is not a function's: a stream. Prefer `observe`. */
  begin(name: QueryName): RunningQuery;
  observe<T>(name: QueryName, run: () => Promise<T>): Promise<T>;
  countTransaction(outcome: 'commit' | 'rollback'): void;
}

const SLOW_QUERY_MS = 2_000;

/** Creates the instruments of a database. */
export function createQueryInstruments(options: {
  readonly metrics: Metrics;
  readonly logger: Logger;
}): QueryInstruments {
  const durations = options.metrics.histogram('db_query_duration_seconds');
  const errors = options.metrics.counter('db_query_errors_total');
  const transactions = options.metrics.counter('db_transactions_total');

  const begin = ({ operation, table }: QueryName): RunningQuery => {
    const startedAt = performance.now();
    const span = beginSpan({ operation, table });
    let isOver = false;
    const end = (): void => {
      isOver = true;
      span?.end();
      const durationMs = performance.now() - startedAt;
      durations.observe({ operation, table }, durationMs / 1_000);
      // A stream takes as long as its reader.
      if (durationMs <= SLOW_QUERY_MS || operation === 'COPY') return;
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
    countTransaction: (outcome) => transactions.inc({ outcome }),
  };
}

/** Polling has no request to belong to: a trace of its own for each look would bury those that matter. */
function beginSpan({ operation, table }: QueryName): Span | undefined {
  if (trace.getActiveSpan() === undefined) return undefined;
  const { span } = openSpan(`${operation} ${table}`, {
    kind: SpanKind.CLIENT,
    attributes: {
      'db.system.name': 'postgresql',
      'db.operation.name': operation,
      'db.collection.name': table,
    },
  });
  return span;
}
