/**
 * Tables of BullMQ in the database of the queue, with their content. Jobs of AION contain ids and never content; an erasure
 * deletes the jobs of a tenant in every state through BullMQ, together with the rows that belong to them.
 */
export const QUEUE_TABLES: Readonly<Record<string, string>> = {
  'bullmq.dedup': 'Ids of jobs that must not be added twice.',
  'bullmq.dedup_next': 'Jobs that wait for one with the same id to end.',
  'bullmq.event': 'Events of jobs, by id; trimmed by age.',
  'bullmq.job': 'Jobs: ids of tenants and of rows, attempts, reasons of failures.',
  'bullmq.job_dependency': 'Dependencies between jobs.',
  'bullmq.job_log': 'Log lines of jobs; AION writes none.',
  'bullmq.meta': 'Settings of queues.',
  'bullmq.metrics': 'Counts of finished jobs.',
  'bullmq.migration': 'Bookkeeping of migrations.',
  'bullmq.rate_limit': 'Counters of rate limits; AION sets none.',
  'bullmq.relay_inbox': 'Messages between backends; AION sends none.',
  'bullmq.relay_node': 'Backends that exchange messages; AION has none.',
  'bullmq.relay_retained': 'Last messages of topics; AION has none.',
  'bullmq.relay_subscription': 'Subscriptions to topics; AION has none.',
  'bullmq.scheduler': 'Jobs that are added repeatedly.',
};
