import { optionalVariable, types } from './variable.ts';

/** Variables of the queue on PostgreSQL or Redis; its producer and its consumers must use the same values. */
export const queueVariables = {
  queueUrl: optionalVariable('AION_QUEUE_DATABASE_URL', types.url('postgres', 'postgresql'), {
    description: 'Separate PostgreSQL database for the queue; set this or `REDIS_URL`.',
    example: 'postgresql://aion_queue:password@127.0.0.1:5432/aion_queue',
    secret: true,
  }),
  redisUrl: optionalVariable('REDIS_URL', types.url('redis', 'rediss'), {
    description: 'Redis (6.2 or newer) for the queue, recommended at scale; set this or `AION_QUEUE_DATABASE_URL`.',
    example: 'redis://127.0.0.1:6379',
    secret: true,
  }),
};

/** Checks that exactly one of `queueVariables` is set; returns the violations for `loadConfig`. */
export function checkQueue(config: {
  readonly queueUrl: string | undefined;
  readonly redisUrl: string | undefined;
}): readonly string[] {
  if ((config.queueUrl === undefined) !== (config.redisUrl === undefined)) return [];
  return [
    config.queueUrl === undefined
      ? 'Neither AION_QUEUE_DATABASE_URL nor REDIS_URL is set: set one of them.'
      : 'AION_QUEUE_DATABASE_URL and REDIS_URL are both set: remove one of them.',
  ];
}
