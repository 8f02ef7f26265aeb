/**
 * Preloaded into the processes of a test: on SIGUSR2 a process collects garbage and writes the size of its heap to
 * `<AION_TEST_MEMORY_DIR>/<pid>.json`.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

process.on('SIGUSR2', () => {
  // The second collection frees objects that the first one has finalized.
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, external, rss } = process.memoryUsage();
  const program = process.argv[1]?.split('/').slice(-3).join('/');
  const file = join(process.env['AION_TEST_MEMORY_DIR'] ?? '', `${process.pid}.json`);
  writeFileSync(`${file}.tmp`, JSON.stringify({ program, heapBytes: heapUsed + external, residentBytes: rss }));
  renameSync(`${file}.tmp`, file);
});
