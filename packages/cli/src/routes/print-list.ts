import type { ApiClient, ApiRequest } from '../api/api-client.ts';
import { createCounter } from '../output/counter.ts';
import { formatRecord, formatTable } from '../output/format-table.ts';
import type { Output } from './print-answer.ts';

interface Page {
  readonly data: readonly unknown[];
  readonly next_cursor?: string | null;
  readonly [more: string]: unknown;
}

interface ListOptions {
  readonly client: ApiClient;
  readonly request: ApiRequest;
  readonly columns: readonly string[];
  /** Field of the answer that becomes the last row of the table. */
  readonly total: string | undefined;
  readonly isAll: boolean;
  readonly output: Output;
}

/** Largest page size of the API. */
const MAX_LIMIT = 100;

/** Prints a list: the requested page, or all pages from there. */
export async function printList(options: ListOptions): Promise<void> {
  if (options.isAll) await printAll(options);
  else await printPage(options);
}

async function printPage({ client, request, columns, total, output }: ListOptions): Promise<void> {
  const page = await readPage(client, request);
  if (output.isJson) return output.write(`${JSON.stringify(page, undefined, 2)}\n`);
  const { data, next_cursor: cursor, ...more } = page;
  const { [total ?? '']: sums, ...rest } = more;
  if (Object.keys(rest).length > 0) output.note(formatRecord(rest).trimEnd());
  output.write(formatTable(columns, data, sums));
  if (typeof cursor === 'string') output.note(`More rows follow: use --cursor ${cursor}, or --all.`);
}

/** Prints all pages: JSON page by page with constant memory, a table at the end because its width depends on all rows. */
async function printAll({ client, request, columns, output }: ListOptions): Promise<void> {
  const counter = createCounter(process.stderr);
  const rows: unknown[] = [];
  let read = 0;
  try {
    for await (const items of readPages(client, request)) {
      if (output.isJson)
        output.write(
          items.map((item, index) => `${read + index === 0 ? '{"data":[' : ','}\n${JSON.stringify(item)}`).join(''),
        );
      else rows.push(...items);
      read += items.length;
      counter.update(read);
    }
  } finally {
    counter.stop();
  }
  if (output.isJson) output.write(`${read === 0 ? '{"data":[' : '\n'}],"next_cursor":null}\n`);
  else output.write(formatTable(columns, rows));
}

async function* readPages(client: ApiClient, request: ApiRequest): AsyncGenerator<readonly unknown[]> {
  let query: Readonly<Record<string, unknown>> = { limit: MAX_LIMIT, ...request.query };
  for (;;) {
    const { data, next_cursor: cursor } = await readPage(client, { ...request, query });
    yield data;
    if (typeof cursor !== 'string') return;
    query = { ...query, cursor };
  }
}

async function readPage(client: ApiClient, request: ApiRequest): Promise<Page> {
  const answer = await client.request(request);
  // The contract of every list; a test compares `columns` with it.
  return answer.body as Page;
}
