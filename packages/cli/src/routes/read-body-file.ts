import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { errorMessage } from '@aion/errors';
import { UsageError } from '../usage-error.ts';

/** Reads the JSON object of `--body`; `-` is standard input. @throws UsageError when there is no such object */
export async function readBodyFile(file: string | undefined): Promise<Readonly<Record<string, unknown>>> {
  if (file === undefined) return {};
  try {
    const body: unknown = JSON.parse(file === '-' ? await text(process.stdin) : await readFile(file, 'utf8'));
    if (typeof body === 'object' && body !== null && !Array.isArray(body)) return { ...body };
    throw new Error('it is another value');
  } catch (error) {
    throw new UsageError(`--body ${file} must contain a JSON object: ${errorMessage(error)}`, { cause: error });
  }
}
