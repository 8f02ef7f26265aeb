import type { Metrics } from '@aion/metrics';
import { isConnectionTimeout } from './database-error.ts';
import { NoConnectionError } from './no-connection-error.ts';

/** The pools of the process: of requests, and of snapshots and their readers. */
export type PoolName = 'requests' | 'exports';

/** What is to be seen of a pool at any time. */
export interface PoolState {
  readonly totalCount: number;
  readonly idleCount: number;
  readonly waitingCount: number;
}

/** What telemetry sees of the pools of a process. */
export interface PoolInstruments {
  /**
   * Shows this pool under its name until it is ended, in the place of an older one of that name: a pool that is created
   * anew is neither lost nor counted twice.
   */
  watch(name: PoolName, maxConnections: number, pool: PoolState): void;
  /** Shows a pool no more, unless a newer one has taken its place. */
  unwatch(name: PoolName, pool: PoolState): void;
  /** Observes how long a caller waits for a connection, whether or not one comes. */
  observeWait<T>(name: PoolName, connect: () => Promise<T>): Promise<T>;
}

/** Creates the instruments; all pools of a process share them. */
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
