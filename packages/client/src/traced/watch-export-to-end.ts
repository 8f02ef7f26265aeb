import { routes, type TenantExport } from '@aion/contracts';
import { withSpan } from '@aion/tracing';
import { SpanKind } from '@opentelemetry/api';
import { followExport } from '../follow-export.ts';
import { callRoute, fetchRoute } from './call-route.ts';
import { isTransientError } from './is-transient-error.ts';

/** Options of `watchExportToEnd`. */
export interface WatchExportOptions {
  readonly baseUrl: string;
  readonly key: string;
  readonly exportId: string;
  readonly onProgress: (state: TenantExport) => void;
  readonly signal: AbortSignal;
}

/** Follows an export to its final state as `followExport` does, in one span. */
export async function watchExportToEnd(options: WatchExportOptions): Promise<TenantExport> {
  const { baseUrl, key, exportId, onProgress, signal } = options;
  const call = { baseUrl, key, params: { export_id: exportId }, signal };
  return withSpan('watch export', { kind: SpanKind.CLIENT }, () =>
    followExport({
      connect: (headers) => fetchRoute(routes.exports.watch, { ...call, headers }),
      read: () => callRoute(routes.exports.get, call),
      onProgress,
      isTransient: isTransientError,
      signal,
    }),
  );
}
