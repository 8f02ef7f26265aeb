import type { Metrics } from '@aion/metrics';
import { isConnectionTimeout } from './database-error.ts';
import { NoConnectionError } from './no-connection-error.ts';

/** Pools of the process: of requests, and of snapshots and their readers. */
export type PoolName = 'requests' | 'exports';

/** Current state of a pool. */
export interface PoolState {
  readonly totalCount: number;
  readonly idleCount: number;
  readonly waitingCount: number;
}

/** Metrics of the pools of a process. */
export interface PoolInstruments {
  /**
   * Reports this pool under its name until `unwatch`, and replaces an older pool of that name: a pool that is created again
   * is neither lost nor counted twice.
   */
  watch(name: PoolName, maxConnections: number, pool: PoolState): void;
  /** Stops to report a pool, unless a newer one has replaced it. */
  unwatch(name: PoolName, pool: PoolState): void;
  /** Measures how long a caller waits for a connection, also when it gets none. */
  observeWait<T>(name: PoolName, connect: () => Promise<T>): Promise<T>;
}

/** Creates the metrics, which all pools of a process share. */
export function createPoolInstruments(metrics: Metrics): PoolInstruments {
  const pools = new Map<PoolName, { readonly maxConnections: number; readonly pool: PoolState }>();
  const waits = metrics.histogram('db_connection_wait_seconds');
  const timeouts = metrics.counter('db_connection_timeouts_total');
  const rejections = metrics.counter('db_connection_rejections_total');
  metrics.onCollect(() => {
    for (const [name, { maxConnections, pool }] of pools) report(metrics, name, maxConnections, pool);
  }, 'db');
  return {
    watch: (name, maxConnections, pool) => {
      pools.set(name, { maxConnections, pool });
    },
    unwatch: (name, pool) => {
      if (pools.get(name)?.pool !== pool) return;
      pools.delete(name);
      report(metrics, name, 0, { totalCount: 0, idleCount: 0, waitingCount: 0 });
    },
    observeWait: async (name, connect) => {
      const startedAt = performance.now();
      try {
        return await connect();
      } catch (error) {
        if (isConnectionTimeout(error)) timeouts.inc({ pool: name });
        else if (error instanceof NoConnectionError) rejections.inc({ pool: name });
        throw error;
      } finally {
        waits.observe({ pool: name }, (performance.now() - startedAt) / 1_000);
      }
    },
  };
}

function report(metrics: Metrics, name: PoolName, maxConnections: number, pool: PoolState): void {
  const connections = metrics.gauge('db_connections');
  connections.set({ pool: name, state: 'active' }, pool.totalCount - pool.idleCount);
  connections.set({ pool: name, state: 'idle' }, pool.idleCount);
  metrics.gauge('db_connections_max').set({ pool: name }, maxConnections);
  metrics.gauge('db_connections_pending').set({ pool: name }, pool.waitingCount);
}
