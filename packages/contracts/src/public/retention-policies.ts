import { z } from 'zod';
import { listOrder, pageOf, pageQuery, timestamp, uuid } from '../fields.ts';
import { defineRoute } from '../route.ts';

/** Data classes whose retention a tenant can set, within the operator's bounds. */
export const RETENTION_CLASSES = ['account', 'content', 'accounting', 'audit', 'operational'] as const;

/** One of `RETENTION_CLASSES`. */
export type RetentionClassName = (typeof RETENTION_CLASSES)[number];

const retentionClass = z.enum(RETENTION_CLASSES).meta({
  description:
    '`account`: people, projects, keys and settings. `content`: prompts, answers and files. `accounting`: generations, ' +
    'usage and costs. `audit`: the audit trail and legal holds. `operational`: exports and other runs.',
});

const days = z.number().int().min(1).max(36_500);

/** A retention policy: how long data of a class is retained, from an instant on. */
export const retentionPolicy = z
  .object({
    id: uuid,
    retention_class: retentionClass,
    keep_days: days.meta({ description: 'Days for which data is retained.' }),
    effective_from: timestamp,
    set_by: uuid.meta({ description: 'The person who set it: a user or an operator.' }),
    created_at: timestamp,
  })
  .meta({ id: 'RetentionPolicy' });

/** A retention policy of a tenant. */
export type RetentionPolicy = z.output<typeof retentionPolicy>;

/** The current and the scheduled retention of a data class. */
export const currentRetention = z
  .object({
    retention_class: retentionClass,
    keep_days: days.meta({ description: 'Days for which data is currently retained.' }),
    source: z
      .enum(['tenant', 'default'])
      .meta({ description: "`default`: the operator's, because the tenant has set none." }),
    policy: retentionPolicy.nullable().meta({ description: 'The policy of the tenant that is in force.' }),
    scheduled: z.array(retentionPolicy).meta({ description: 'Policies of the tenant that begin later, in order.' }),
    bounds: z.object({ min_days: days, max_days: days, default_days: days }).meta({
      description: "The operator's limits: a policy must lie within them, and an older one is limited to them.",
    }),
  })
  .meta({ id: 'CurrentRetention' });

/** The current and the scheduled retention of a data class. */
export type CurrentRetention = z.output<typeof currentRetention>;

const NOT_YET_ENFORCED = 'Policies are stored and reported; this release does not delete data by them.';

/** Routes of retention policies. */
export const retentionPolicyRoutes = {
  /** `GET /api/v1/retention-policies`. */
  list: defineRoute({
    name: 'listRetentionPolicies',
    service: 'web-api',
    method: 'GET',
    path: '/api/v1/retention-policies',
    summary: 'List the retention policies',
    description: 'Every policy that the tenant has set. Policies are never changed or deleted.',
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
    description: `The current and scheduled retention of each data class, and the bounds of the operator. ${NOT_YET_ENFORCED}`,
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
          .meta({ description: 'Days of delay before a policy that shortens retention begins.' }),
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
    summary: 'Set a retention policy',
    description:
      'Sets how long data of a class is retained. The latest policy applies once it has begun, and withdraws policies that ' +
      'would begin later: a policy that begins now cancels scheduled ones. A policy that shortens retention begins after a ' +
      'delay; without `effective_from` when the delay has passed. Others begin immediately by default. The caller must be a ' +
      `person: with a key of their own, or as an operator. ${NOT_YET_ENFORCED}`,
    auth: { kind: 'tenant', scope: 'retention:write' },
    body: z.strictObject({
      retention_class: retentionClass,
      keep_days: days,
      effective_from: timestamp.optional().meta({ description: 'When it begins; not in the past.' }),
    }),
    response: {
      status: 201,
      description: 'The policy, and those that it replaces.',
      json: retentionPolicy.extend({
        replaces: z
          .object({ keep_days: days, policy: retentionPolicy.nullable() })
          .meta({ description: 'The retention until it begins; without a policy the default of the operator.' }),
        withdrawn: z.array(retentionPolicy).meta({ description: 'Scheduled policies that are withdrawn.' }),
      }),
    },
    errors: ['CONFLICT', 'UNAVAILABLE'],
    idempotent: false,
  }),
};
