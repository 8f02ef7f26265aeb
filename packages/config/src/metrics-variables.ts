import { TELEMETRY_SUBJECTS } from './telemetry-subjects.ts';
import { types, variable } from './variable.ts';

/** What is measured. */
export const metricsVariables = {
  metricsEnabled: variable('AION_METRICS_ENABLED', types.flag(), {
    description: 'Whether metrics are collected and `/metrics` answers.',
    example: 'true',
    fallback: 'true',
  }),
  metricsSubjects: variable('AION_METRICS_SUBJECTS', types.subsetOf(TELEMETRY_SUBJECTS), {
    description:
      'What is measured beside the process itself: requests, PostgreSQL, inference, queues with their exports; or `none`.',
    example: 'http,db',
    fallback: TELEMETRY_SUBJECTS.join(','),
  }),
  metricsGenAi: variable('AION_METRICS_GENAI', types.flag(), {
    description:
      "Whether inference is also shown under OpenTelemetry's names, `gen_ai_*`, for tools that look for those.",
    example: 'true',
    fallback: 'false',
  }),
};
