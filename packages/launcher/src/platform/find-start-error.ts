import { z } from 'zod';

const failedStartSchema = z.object({
  message: z.literal('Service failed to start'),
  fields: z.object({ error: z.object({ message: z.string() }) }),
});

/** Returns the error of a failed start from the JSON log of a service, or undefined if the log contains none. */
export function findStartError(log: string): string | undefined {
  for (const line of log.split('\n')) {
    const record = failedStartSchema.safeParse(parseJson(line));
    if (record.success) return record.data.fields.error.message;
  }
  return undefined;
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
