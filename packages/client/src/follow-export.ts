import { isFinalExport, tenantExport, type TenantExport } from '@aion/contracts';
import { readEvents, type ReadEventsOptions } from './read-events.ts';
import { UnreachableError } from './unreachable-error.ts';

/** Options of `followExport`. */
export interface FollowExportOptions extends ReadEventsOptions {
  /** Reads the export when its events stay away. */
  readonly read: () => Promise<TenantExport>;
  readonly onProgress: (state: TenantExport) => void;
}

/**
 * Follows an export by server-sent events until it is ready or has failed, and returns that state.
 * @throws UnreachableError when neither events nor the export itself show a final state; the errors of `readEvents`
 */
export async function followExport(options: FollowExportOptions): Promise<TenantExport> {
  for await (const event of readEvents(options)) {
    const state = tenantExport.parse(JSON.parse(event.data));
    options.onProgress(state);
    if (isFinalExport(state)) return state;
  }
  const state = await options.read();
  if (isFinalExport(state)) return state;
  throw new UnreachableError(`No events of export ${state.id} arrive; it is ${state.state}. Follow it again later.`);
}
