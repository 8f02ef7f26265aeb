/**
 * Test process that starts a server and keeps it running until it is killed.
 * Arguments: data directory. Prints one JSON line: `{ url }` or `{ code, message }`.
 */
import { EmbeddedPostgresError, startEmbeddedPostgres } from '@aion/embedded';

const [dataDir = ''] = process.argv.slice(2);
try {
  const server = await startEmbeddedPostgres({ dataDir, settings: { fsync: 'off' } });
  process.stdout.write(`${JSON.stringify({ url: server.superuserUrl() })}\n`);
} catch (error) {
  if (!(error instanceof EmbeddedPostgresError)) throw error;
  process.stdout.write(`${JSON.stringify({ code: error.code, message: error.message })}\n`);
}
