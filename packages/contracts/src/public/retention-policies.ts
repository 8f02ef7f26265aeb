import { z } from 'zod';
import { listOrder, pageOf, pageQuery, timestamp, uuid } from '../fields.ts';
import { defineRoute } from '../route.ts';

/** The classes of data that a tenant may set a retention for, within the operator's bounds. */
export const RETENTION_CLASSES = ['account', 'content', 'accounting', 'audit', 'operational'] as const;

/** One of `RETENTION_CLASSES`. */
export type RetentionClassName = (typeof RETENTION_CLASSES)[number];

const retentionClass = z.enum(RETENTION_CLASSES).meta({
  description:
    '`account`: people, projects, keys and settings. `content`: prompts, answers and files. `accounting`: generations, ' +
    'usage and costs. `audit`: the audit trail and legal holds. `operational`: exports and other runs.',
});

const days = z.number().int().min(1).max(36_500);

/** How long a tenant wants data of a class kept, from an instant on. */
export const retentionPolicy = z
  .object({
    id: uuid,
    retention_class: retentionClass,
    keep_days: days.meta({ description: 'How many days data is kept.' }),
    effective_from: timestamp,
    set_by: uuid.meta({ description: 'The person who has set it: a user or an operator.' }),
    created_at: timestamp,
  })
  .meta({ id: 'RetentionPolicy' });

/** How long a tenant wants data of a class kept. */
export type RetentionPolicy = z.output<typeof retentionPolicy>;

/** What holds for a class of data now, and what will. */
export const currentRetention = z
  .object({
    retention_class: retentionClass,
    keep_days: days.meta({ description: 'How many days data is kept now.' }),
    source: z
      .enum(['tenant', 'default'])
      .meta({ description: "`default`: the operator's, for the tenant has set none." }),
    policy: retentionPolicy.nullable().meta({ description: 'What the tenant has set that is in force.' }),
    scheduled: z
      .array(retentionPolicy)
      .meta({ description: 'What the tenant has set that begins later, in its order.' }),
    bounds: z
      .object({ min_days: days, max_days: days, default_days: days })
      .meta({ description: "The operator's: a policy lies within, and one that was set before them is held to them." }),
  })
  .meta({ id: 'CurrentRetention' });

/** What holds for a class of data now, and what will. */
export type CurrentRetention = z.output<typeof currentRetention>;

const NOT_YET_ENFORCED = 'A policy is recorded and shown; nothing is deleted by it in this release.';

/** Routes of retention policies. */
export const retentionPolicyRoutes = {
  /** `GET /api/v1/retention-policies`. */
  list: defineRoute({
    name: 'listRetentionPolicies',
    service: 'web-api',
    method: 'GET',
    path: '/api/v1/retention-policies',
    summary: 'List the retention policies',
    description: 'Every policy that the tenant has ever set: they are never changed or deleted.',
    auth: { kind: 'tenant', scope: 'retention:read' },
    query: pageQuery.extend({
      retention_class: retentionClass.optional().meta({ description: 'Only policies of this class.' }),
      order: listOrder,
    }),
    response: { status: 200, description: 'A page of policies.', json: pageOf(retentionPolicy) },
    errors: ['UNAVAILABLE'],
    idempotent: true,
  }),
  /** `GET /api/v1/retention-policies/current`. */
  getCurrent: defineRoute({
    name: 'getCurrentRetention',
    service: 'web-api',
    method: 'GET',
    path: '/api/v1/retention-policies/current',
    summary: 'Get what retention holds now',
    description: `For each class of data how long it is kept now, what will hold later, and the bounds of the operator. ${NOT_YET_ENFORCED}`,
    auth: { kind: 'tenant', scope: 'retention:read' },
    response: {
      status: 200,
      description: 'Every class.',
      json: z.object({
        data: z.array(currentRetention),
        lowering_delay_days: z
          .number()
          .int()
          .min(1)
          .meta({ description: 'How many days ahead a policy must be set that keeps data for less time than before.' }),
      }),
    },
    errors: ['UNAVAILABLE'],
    idempotent: true,
  }),
  /** `POST /api/v1/retention-policies`. */
  create: defineRoute({
    name: 'createRetentionPolicy',
    service: 'web-api',
    method: 'POST',
    path: '/api/v1/retention-policies',
    summary: 'Set how long data is kept',
    description:
      'Sets how long data of a class is kept. The policy that was set last holds once it has begun, and policies that would ' +
      'begin later than it no longer do: so a policy that begins now takes scheduled ones back. One that keeps data for less ' +
      'time than before begins after a delay: without `effective_from` when it has passed, else at once. A person sets it: ' +
      `with a key of theirs, or as the operator. ${NOT_YET_ENFORCED}`,
    auth: { kind: 'tenant', scope: 'retention:write' },
    body: z.strictObject({
      retention_class: retentionClass,
      keep_days: days,
      effective_from: timestamp.optional().meta({ description: 'When it begins; not in the past.' }),
    }),
    response: {
      status: 201,
      description: 'The policy, and what it replaces.',
      json: retentionPolicy.extend({
        replaces: z
          .object({ keep_days: days, policy: retentionPolicy.nullable() })
          .meta({ description: 'What holds until it begins; without a policy it is the default of the operator.' }),
        withdrawn: z.array(retentionPolicy).meta({ description: 'What was scheduled and no longer begins.' }),
      }),
    },
    errors: ['CONFLICT', 'UNAVAILABLE'],
    idempotent: false,
  }),
};
