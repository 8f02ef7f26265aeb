import { describeWithProgram, startRedis, type TestRedis } from '@aion/testkit';
import { pauseRows, startPlatform, type Platform } from './support/platform.ts';

describeWithProgram('redis-server', 'data-export on Redis', (programPath) => {
  let redis: TestRedis;
  let platform: Platform;

  beforeEach(async () => {
    redis = await startRedis(programPath);
    platform = await startPlatform({ redisUrl: redis.url });
  });

  afterEach(async () => {
    await platform.close();
    await redis.stop();
  });

  it('takes over an export whose worker is killed in the middle of a COPY', async () => {
    const gate = pauseRows(platform.gateway, (row) => row.fencingToken === 1);
    const first = await platform.startWorker();
    const row = await platform.requestExport();
    await platform.waitFor(() => gate.waiting === 1, 'the COPY to be paused');
    await first.stop('SIGKILL');
    await platform.startWorker();
    await platform.waitFor(() => row.state === 'ready', 'the export to be ready');
    expect(row).toMatchObject({ fencingToken: 2, completions: 1 });
    expect(await platform.verify(row)).toMatchObject({ ok: true, contentChecked: true });
  });
});
