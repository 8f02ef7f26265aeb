import { withSpan } from '@aion/tracing';

/**
 * Runs an operation in a span with the attributes `aion.object.store` and `aion.object.bytes`.
 * `run` receives a function that records the number of bytes once it is known.
 */
export function withObjectSpan<Result>(
  name: 'put object' | 'get object',
  store: 'directory' | 's3',
  run: (setBytes: (bytes: number) => void) => Promise<Result>,
): Promise<Result> {
  return withSpan(name, { attributes: { 'aion.object.store': store } }, (span) =>
    run((bytes) => void span.setAttribute('aion.object.bytes', bytes)),
  );
}
