/** Service that logs `LINES` lines and then sends its metrics over the IPC channel; used by tests of the log transport. */
import { serviceVariables, loadConfig } from '@aion/config';
import { runService } from '../src/index.ts';

const work = setInterval(() => undefined, 1_000);

await runService({
  name: 'web-api',
  version: '0.1.0',
  loadConfig: (env) => loadConfig(serviceVariables({ port: 0, adminPort: 0 }), env),
  create: (_config, { logger, metrics }) => ({
    start: async () => {
      for (let i = 0; i < Number(process.env['LINES']); i += 1) {
        logger.info('Line', { i, filler: 'x'.repeat(1_000) });
        // A pause lets the process detect a broken pipe.
        if (i % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      process.send?.({ exposition: (await metrics.exposition()).body });
    },
    stop: () => {
      clearInterval(work);
      return Promise.resolve();
    },
  }),
});
