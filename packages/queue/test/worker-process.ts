/**
 * A process of the tests: takes one job, says so and never ends it.
 * Arguments: URL of the backend, queue.
 */
import { createQueueBackend } from '@aion/queue';
import { definition, recordingLogger } from './support.ts';

const [url = '', queue = ''] = process.argv.slice(2);
const backend = await createQueueBackend({
  ...(url.startsWith('redis') ? { redisUrl: url } : { postgresUrl: url }),
  logger: recordingLogger().logger,
});
backend.worker(
  definition(queue),
  ({ rowId }) => {
    process.stdout.write(`took ${rowId}\n`);
    return new Promise(() => undefined);
  },
  { lockDurationMs: 1_000, stalledIntervalMs: 200 },
);
