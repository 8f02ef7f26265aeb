/**
 * The tables that BullMQ keeps in the database of the queue, with what they hold. AION's jobs carry ids and never content;
 * an erasure purges the tenant's jobs in every state through BullMQ, which removes what belongs to them.
 */
export const QUEUE_TABLES: Readonly<Record<string, string>> = {
  'bullmq.dedup': 'Ids of jobs that must not be added twice.',
  'bullmq.dedup_next': 'Jobs that wait for one with the same id to end.',
  'bullmq.event': 'What happened to jobs, by id; trimmed by age.',
  'bullmq.job': 'Jobs: ids of tenants and of rows, attempts, reasons of failures.',
  'bullmq.job_dependency': 'Which job waits for which.',
  'bullmq.job_log': 'Lines that a job has logged; AION writes none.',
  'bullmq.meta': 'Settings of queues.',
  'bullmq.metrics': 'Counts of finished jobs.',
  'bullmq.migration': 'Bookkeeping of migrations.',
  'bullmq.rate_limit': 'Counters of rate limits; AION sets none.',
  'bullmq.relay_inbox': 'Messages between backends; AION sends none.',
  'bullmq.relay_node': 'Backends that exchange messages; AION has none.',
  'bullmq.relay_retained': 'Last messages of topics; AION has none.',
  'bullmq.relay_subscription': 'Who hears of which topic; AION has none.',
  'bullmq.scheduler': 'Jobs that are added again and again.',
};
