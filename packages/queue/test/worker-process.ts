/**
 * Worker process for tests: takes one job, prints its id and never completes it.
 * Arguments: URL of the backend, name of the queue.
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
