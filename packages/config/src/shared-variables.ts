import { optionalVariable, types, variable } from './variable.ts';

/** Where database-gateway answers, for the services that call it. */
export const databaseGatewayUrl = variable('AION_DATABASE_GATEWAY_URL', types.url('http', 'https'), {
  description: 'Where database-gateway answers.',
  example: 'http://127.0.0.1:8082',
  fallback: 'http://127.0.0.1:8082',
});

/** The queue, on PostgreSQL or on Redis: the same for its producer and its consumers. */
export const queueVariables = {
  queueUrl: optionalVariable('AION_QUEUE_DATABASE_URL', types.url('postgres', 'postgresql'), {
    description: 'A database of its own for the queue on PostgreSQL; set this or `REDIS_URL`.',
    example: 'postgresql://aion_queue:password@127.0.0.1:5432/aion_queue',
    secret: true,
  }),
  redisUrl: optionalVariable('REDIS_URL', types.url('redis', 'rediss'), {
    description: 'The queue on Redis (6.2 or newer), the choice for scale; set this or `AION_QUEUE_DATABASE_URL`.',
    example: 'redis://127.0.0.1:6379',
    secret: true,
  }),
};

/** The rule across `queueVariables`: exactly one of them is set. Gives a sentence when it is broken. */
export function checkQueue(config: {
  readonly queueUrl: string | undefined;
  readonly redisUrl: string | undefined;
}): readonly string[] {
  if ((config.queueUrl === undefined) !== (config.redisUrl === undefined)) return [];
  return [
    config.queueUrl === undefined
      ? 'Neither AION_QUEUE_DATABASE_URL nor REDIS_URL is set: the queue needs one of them.'
      : 'AION_QUEUE_DATABASE_URL and REDIS_URL are both set: the queue needs exactly one of them.',
  ];
}

/** The limits of an inference request: the edge and the engine must agree on them. */
export const inferenceLimits = {
  maxBodyBytes: variable('AION_MAX_BODY_BYTES', types.integer(1_024, 1_073_741_824), {
    description: 'The largest request body that is read, in bytes.',
    example: '4194304',
    fallback: '4194304',
  }),
  requestTimeoutMs: variable('AION_REQUEST_TIMEOUT_MS', types.integer(100, 3_600_000), {
    description: 'How long one request may take, a streamed completion included, in milliseconds.',
    example: '120000',
    fallback: '120000',
  }),
};
