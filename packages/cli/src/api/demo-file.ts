import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '@aion/errors';
import { z } from 'zod';
import { UsageError } from '../usage-error.ts';

const demoSchema = z.object({
  baseUrl: z.url(),
  adminUrls: z.record(z.string(), z.url()).default({}),
  operatorKey: z.string(),
  tenants: z.array(z.object({ id: z.string(), name: z.string(), key: z.string() })),
});
/** Where a running demo is, and its keys. */
export type DemoFile = z.output<typeof demoSchema>;

/** Reads `.aion/demo.json` below a folder, which is there while a demo runs. @throws UsageError when it cannot be used */
export async function readDemoFile(folder: string): Promise<DemoFile | undefined> {
  const path = join(folder, '.aion', 'demo.json');
  try {
    return demoSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`${path} is not what a running demo leaves there (${reason}); set AION_URL and AION_API_KEY`, {
      cause: error,
    });
  }
}
