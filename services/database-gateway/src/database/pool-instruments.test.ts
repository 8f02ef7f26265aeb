import { createMetrics } from '@aion/metrics';
import { createPoolInstruments } from './pool-instruments.ts';

function setUp() {
  const metrics = createMetrics({ service: 'test', version: '0', enabled: true });
  const lines = async (name: string) =>
    (await metrics.exposition()).body.split('\n').filter((line) => line.startsWith(`${name}{`));
  return { instruments: createPoolInstruments(metrics), lines };
}

const pool = (totalCount: number) => ({ totalCount, idleCount: 1, waitingCount: 2 });

describe('metrics of pools', () => {
  it('report a pool that has replaced another, and not the old one, whenever that is closed', async () => {
    const { instruments, lines } = setUp();
    const [old, fresh] = [pool(9), pool(4)];
    instruments.watch('requests', 10, old);
    instruments.watch('requests', 20, fresh);
    instruments.unwatch('requests', old);
    expect(await lines('db_connections')).toEqual([
      'db_connections{pool="requests",state="active"} 3',
      'db_connections{pool="requests",state="idle"} 1',
    ]);
    expect(await lines('db_connections_max')).toEqual(['db_connections_max{pool="requests"} 20']);
    expect(await lines('db_connections_pending')).toEqual(['db_connections_pending{pool="requests"} 2']);
    instruments.unwatch('requests', fresh);
    expect(await lines('db_connections')).toEqual([
      'db_connections{pool="requests",state="active"} 0',
      'db_connections{pool="requests",state="idle"} 0',
    ]);
  });

  it('count only late connections as timeouts, and measure the wait of every caller', async () => {
    const { instruments, lines } = setUp();
    const fail = (message: string) => () => Promise.reject(new Error(message));
    expect(await lines('db_connection_timeouts_total')).toEqual([
      'db_connection_timeouts_total{pool="requests"} 0',
      'db_connection_timeouts_total{pool="exports"} 0',
    ]);
    for (const message of [
      'timeout exceeded when trying to connect',
      'Connection terminated due to connection timeout',
      'connect ECONNREFUSED',
    ]) {
      await expect(instruments.observeWait('requests', fail(message))).rejects.toThrow(message);
    }
    expect(await lines('db_connection_timeouts_total')).toContain('db_connection_timeouts_total{pool="requests"} 2');
    expect(await lines('db_connection_wait_seconds_count')).toContain(
      'db_connection_wait_seconds_count{pool="requests"} 3',
    );
  });
});
