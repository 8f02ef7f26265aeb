/** Starts a platform and keeps it running. Arguments: state directory, first port. Prints one JSON line when it is ready. */
import { join, resolve } from 'node:path';
import { planPorts, startPlatform } from '@aion/launcher';
import { runMain } from '@aion/launcher/testing';

await runMain(async (signals) => {
  const [stateDir = '', firstPort = ''] = process.argv.slice(2);
  const platform = await startPlatform({
    checkoutDir: resolve(import.meta.dirname, '../../../..'),
    stateDir,
    ports: planPorts(Number(firstPort)),
    modelsDir: join(stateDir, 'models'),
    logLevel: 'info',
    env: process.env,
    signal: signals.interrupt,
    killSignal: signals.kill,
  });
  try {
    process.stdout.write(`${JSON.stringify({ up: true, pids: platform.pids, baseUrl: platform.baseUrl })}\n`);
    const interrupted = new Promise<undefined>((done) => {
      signals.interrupt.addEventListener('abort', () => done(undefined), { once: true });
    });
    const crash = await Promise.race([platform.crashed, interrupted]);
    if (crash !== undefined) throw crash;
    return 0;
  } finally {
    await platform.stop();
  }
});
