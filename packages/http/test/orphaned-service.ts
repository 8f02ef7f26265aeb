/** Service that starts after its parent has closed the IPC channel; used by the test of `runService`. */
import { serviceVariables, loadConfig } from '@aion/config';
import { runService } from '../src/index.ts';

while (process.connected) await new Promise((resolve) => setTimeout(resolve, 5));

await runService({
  name: 'web-api',
  version: '0.1.0',
  loadConfig: (env) => loadConfig(serviceVariables({ port: 0, adminPort: 0 }), env),
  create: () => {
    const work = setInterval(() => undefined, 1_000);
    return {
      start: () => Promise.resolve(),
      stop: () => {
        clearInterval(work);
        return Promise.resolve();
      },
    };
  },
});
