import { z } from 'zod';
import { count, text, uuid } from '../fields.ts';
import { defineRoute } from '../route.ts';

/** What usage can be told apart by. */
export const USAGE_GROUPS = ['day', 'provider', 'model', 'project', 'api_key'] as const;

/** One of `USAGE_GROUPS`. */
export type UsageGroup = (typeof USAGE_GROUPS)[number];

const day = z.iso
  .date()
  .refine((value) => !/^(0000|9999)/.test(value), 'must be in the years 1 to 9998')
  .meta({ description: 'A day of UTC, ISO 8601.', example: '2026-01-31' });

const GROUP = `(?:${USAGE_GROUPS.join('|')})`;

const usageSums = z.object({
  generations: count.meta({ description: 'How many ended in this time, of whichever outcome.' }),
  succeeded: count,
  failed: count,
  cancelled: count,
  estimated: count.meta({ description: 'Of these, how many whose tokens the provider has not counted.' }),
  prompt_tokens: count,
  completion_tokens: count,
  cost_micro_usd: count.meta({ description: 'Millionths of a US dollar.' }),
});

/** Sums of generations, and of which ones. */
export const usageRow = usageSums
  .extend({
    day: day.optional(),
    provider: z.string().optional(),
    model: z.string().optional(),
    project_id: uuid.nullable().optional().meta({ description: 'Null: of keys without a project.' }),
    api_key_id: uuid.optional(),
  })
  .meta({ id: 'Usage', description: 'Has of day, provider, model, project and key those that `group_by` names.' });

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
    summary: 'Report the usage',
    description:
      "The tenant's usage of 30 days, or of those that are asked for. A generation counts as soon as it has ended, for the " +
      'UTC day on which it began.',
    auth: { kind: 'tenant', scope: 'usage:read' },
    query: z.strictObject({
      from: day.optional().meta({ description: 'The first day; 29 days before `to` if it is left out.' }),
      to: day.optional().meta({ description: 'The last day, at most 365 after the first; today if it is left out.' }),
      group_by: z
        .string()
        .regex(new RegExp(`^${GROUP}(,${GROUP}){0,4}$`), `must be of ${USAGE_GROUPS.join(', ')}, separated by commas`)
        .optional()
        .meta({ description: 'What sums are told apart by, such as `day,model`; one sum if it is left out.' }),
      provider: text(64).optional(),
      model: text(256).optional(),
      project_id: uuid.optional(),
      api_key_id: uuid.optional(),
    }),
    response: {
      status: 200,
      description: 'The sums, by what they are told apart by, and all together.',
      json: z.object({ from: day, to: day, data: z.array(usageRow), total: usageSums }).meta({ id: 'UsageReport' }),
    },
    errors: ['UNAVAILABLE'],
    idempotent: true,
  }),
};
