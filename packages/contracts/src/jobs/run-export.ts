import { z } from 'zod';
import { uuid } from '../fields.ts';
import { defineJob } from '../job.ts';

/** Produces one export. Its id in the queue is derived from the export's id. */
export const runExportJob = defineJob({
  queue: 'exports',
  name: 'run-export',
  payload: z.object({ export_id: uuid, tenant_id: uuid }),
});
/** Payload of `run-export`: ids only. */
export type RunExportPayload = ReturnType<typeof runExportJob.parse>;
