import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode, errorMessage } from '@aion/errors';
import { z } from 'zod';
import { UsageError } from '../usage-error.ts';

const demoSchema = z.object({
  baseUrl: z.url(),
  adminUrls: z.record(z.string(), z.url()).default({}),
  operatorKey: z.string(),
  tenants: z.array(z.object({ id: z.string(), name: z.string(), key: z.string() })),
});
/** Addresses and keys of a running demo. */
export type DemoFile = z.output<typeof demoSchema>;

/** Reads `.aion/demo.json` in a folder, which exists while a demo runs. @throws UsageError when its content is invalid */
export async function readDemoFile(folder: string): Promise<DemoFile | undefined> {
  const path = join(folder, '.aion', 'demo.json');
  try {
    return demoSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    const reason = errorMessage(error);
    throw new UsageError(`${path} was not written by a running demo (${reason}): set AION_URL and AION_API_KEY`, {
      cause: error,
    });
  }
}
