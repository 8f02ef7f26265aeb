import { setTimeout as sleep } from 'node:timers/promises';
import { tenantExport, type TenantExport, routes } from '@aion/contracts';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { z } from 'zod';
import type { ApiClient } from '../api/api-client.ts';
import { UnreachableError } from '../api/api-error.ts';
import { EXIT_FAILED } from '../exit-codes.ts';
import { createProgress } from '../output/progress.ts';

const RECONNECT_MS = 250;
/** Connections in a row that bring no event. */
const MAX_EMPTY_CONNECTIONS = 20;

/**
 * Follows an export by server-sent events to its final state; a broken connection is resumed where it ended.
 * @throws ApiError, UnreachableError
 */
export async function followExport(
  client: ApiClient,
  exportId: string,
  onProgress: (state: TenantExport) => void,
): Promise<TenantExport> {
  let lastEventId: string | undefined;
  for (let empty = 0; empty < MAX_EMPTY_CONNECTIONS; empty += 1) {
    try {
      for await (const event of openEvents(client, exportId, lastEventId)) {
        empty = 0;
        lastEventId = event.id ?? lastEventId;
        const state = tenantExport.parse(JSON.parse(event.data));
        onProgress(state);
        if (isFinal(state)) return state;
      }
    } catch (error) {
      // With this fetch says that a body has broken off; the client has tried again by itself for anything else.
      if (!(error instanceof TypeError)) throw error;
    }
    await sleep(RECONNECT_MS);
  }
  const answer = await client.ask({
    method: routes.exports.get.method,
    path: pathOf(routes.exports.get.path, exportId),
  });
  const state = tenantExport.parse(answer.body);
  if (isFinal(state)) return state;
  throw new UnreachableError(
    `No news of export ${exportId} arrives: aion exports get ${exportId} shows how far it is.`,
  );
}

/** Follows an export, showing people how far it is. */
export async function showExport(client: ApiClient, exportId: string): Promise<TenantExport> {
  const progress = createProgress(process.stderr, 'rows');
  let stage = '';
  try {
    return await followExport(client, exportId, ({ state, progress: { rows, rows_total: total } }) => {
      if (state !== stage) progress.start(`Export ${state}`, total, rows);
      stage = state;
      progress.update(rows);
    });
  } finally {
    progress.stop();
  }
}

/** follows an export; exit code 1 when it fails. */
export async function followToEnd(client: ApiClient, answer: unknown): Promise<TenantExport> {
  const state = await showExport(client, z.object({ id: z.string() }).parse(answer).id);
  if (state.state === 'failed') process.exitCode = EXIT_FAILED;
  return state;
}

/** The path of a route about one export. */
export function pathOf(template: string, exportId: string): string {
  return template.replace('{export_id}', encodeURIComponent(exportId));
}

function isFinal({ state }: TenantExport): boolean {
  return state === 'ready' || state === 'failed';
}

async function* openEvents(client: ApiClient, exportId: string, lastEventId: string | undefined) {
  const answer = await client.open({
    method: routes.exports.watch.method,
    path: pathOf(routes.exports.watch.path, exportId),
    headers: { accept: 'text/event-stream', ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }) },
  });
  if (answer.body === null) return;
  yield* answer.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
}
