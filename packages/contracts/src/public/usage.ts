import { z } from 'zod';
import { count, text, uuid } from '../fields.ts';
import { defineRoute } from '../route.ts';

/** Dimensions by which usage can be grouped. */
export const USAGE_GROUPS = ['day', 'provider', 'model', 'project', 'api_key'] as const;

/** One of `USAGE_GROUPS`. */
export type UsageGroup = (typeof USAGE_GROUPS)[number];

const day = z.iso
  .date()
  .refine((value) => !/^(0000|9999)/.test(value), 'must be in the years 1 to 9998')
  .meta({ description: 'A day of UTC, ISO 8601.', example: '2026-01-31' });

const GROUP = `(?:${USAGE_GROUPS.join('|')})`;

const usageSums = z.object({
  generations: count.meta({ description: 'Generations that ended in this time, with any result.' }),
  succeeded: count,
  failed: count,
  cancelled: count,
  estimated: count.meta({ description: 'Those among them whose tokens the provider did not count.' }),
  prompt_tokens: count,
  completion_tokens: count,
  cost_micro_usd: count.meta({ description: 'Millionths of a US dollar.' }),
});

/** Sums over a group of generations. */
export const usageRow = usageSums
  .extend({
    day: day.optional(),
    provider: z.string().optional(),
    model: z.string().optional(),
    project_id: uuid.nullable().optional().meta({ description: 'Null for keys without a project.' }),
    api_key_id: uuid.optional(),
  })
  .meta({ id: 'Usage', description: 'Contains those of day, provider, model, project and key that `group_by` names.' });

/** A row of a usage report. */
export type UsageRow = z.output<typeof usageRow>;

/** Routes of usage. */
export const usageRoutes = {
  /** `GET /api/v1/usage`. */
  get: defineRoute({
    name: 'getUsage',
    service: 'web-api',
    method: 'GET',
    path: '/api/v1/usage',
    summary: 'Report usage',
    description:
      "The tenant's usage of 30 days, or of the requested ones. A generation counts as soon as it has ended, towards the " +
      'UTC day on which it began.',
    auth: { kind: 'tenant', scope: 'usage:read' },
    query: z.strictObject({
      from: day.optional().meta({ description: 'The first day; 29 days before `to` by default.' }),
      to: day.optional().meta({ description: 'The last day, at most 365 after the first; today by default.' }),
      group_by: z
        .string()
        .regex(new RegExp(`^${GROUP}(,${GROUP}){0,4}$`), `must be of ${USAGE_GROUPS.join(', ')}, separated by commas`)
        .optional()
        .meta({ description: 'Dimensions to group by, such as `day,model`; one sum by default.' }),
      provider: text(64).optional(),
      model: text(256).optional(),
      project_id: uuid.optional(),
      api_key_id: uuid.optional(),
    }),
    response: {
      status: 200,
      description: 'The sums of each group, and the total.',
      json: z.object({ from: day, to: day, data: z.array(usageRow), total: usageSums }).meta({ id: 'UsageReport' }),
    },
    errors: ['UNAVAILABLE'],
    idempotent: true,
  }),
};
