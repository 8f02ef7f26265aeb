import { types, variable } from './variable.ts';

/** Limits of an inference request; web-api and ai-engine must use the same values. */
export const inferenceLimits = {
  maxBodyBytes: variable('AION_MAX_BODY_BYTES', types.integer(1_024, 1_073_741_824), {
    description: 'Maximum size of a request body, in bytes.',
    example: '4194304',
    fallback: '4194304',
  }),
  requestTimeoutMs: variable('AION_REQUEST_TIMEOUT_MS', types.integer(100, 3_600_000), {
    description: 'Maximum duration of a request, including a streamed completion, in milliseconds.',
    example: '120000',
    fallback: '120000',
  }),
};
