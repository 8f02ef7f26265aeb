import type { Attributes } from '@opentelemetry/api';

/** Returns span attributes that follow OpenTelemetry's semantic conventions for messaging. */
export function messagingAttributes(
  definition: { readonly queue: string; readonly name: string },
  operation: 'send' | 'process',
  jobId: string,
): Attributes {
  return {
    'messaging.system': 'bullmq',
    'messaging.destination.name': definition.queue,
    'messaging.operation.type': operation,
    'messaging.message.id': jobId,
    'aion.job.name': definition.name,
  };
}
