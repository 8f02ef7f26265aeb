/**
 * Preloaded into the processes of a test: at SIGUSR2 a process collects its garbage, so that what its heap holds is what
 * it keeps, and writes how much that is to `<AION_TEST_MEMORY_DIR>/<pid>.json`.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

process.on('SIGUSR2', () => {
  // What the first one has finalised goes with the second.
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, external, rss } = process.memoryUsage();
  const program = process.argv[1]?.split('/').slice(-3).join('/');
  const file = join(process.env['AION_TEST_MEMORY_DIR'] ?? '', `${process.pid}.json`);
  writeFileSync(`${file}.tmp`, JSON.stringify({ program, heapBytes: heapUsed + external, residentBytes: rss }));
  renameSync(`${file}.tmp`, file);
});
