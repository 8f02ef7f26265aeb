import { followExport } from '@aion/client';
import { fillPath, routes, tenantExport, type TenantExport } from '@aion/contracts';
import { z } from 'zod';
import type { ApiClient } from './api/api-client.ts';
import { EXIT_FAILED } from './exit-codes.ts';
import { createProgress } from './output/progress.ts';

/** Follows the export in an answer and shows its progress; sets exit code 1 when it fails. Returns its final state. */
export async function followToEnd(client: ApiClient, answer: unknown): Promise<TenantExport> {
  const { id } = z.object({ id: z.string() }).parse(answer);
  const { get, watch } = routes.exports;
  const params = { export_id: id };
  const progress = createProgress(process.stderr, 'rows');
  let shownState = '';
  try {
    const last = await followExport({
      connect: (headers) => client.open({ method: watch.method, path: fillPath(watch, params), headers }),
      read: async () => {
        const found = await client.request({ method: get.method, path: fillPath(get, params) });
        return tenantExport.parse(found.body);
      },
      onProgress: ({ state, progress: { rows, rows_total: total } }) => {
        if (state !== shownState) progress.start(`Export ${state}`, total, rows);
        shownState = state;
        progress.update(rows);
      },
    });
    if (last.state === 'failed') process.exitCode = EXIT_FAILED;
    return last;
  } finally {
    progress.stop();
  }
}
