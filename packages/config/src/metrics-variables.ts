import { TELEMETRY_SUBJECTS } from './telemetry-subjects.ts';
import { types, variable } from './variable.ts';

/** Variables of metrics. */
export const metricsVariables = {
  metricsEnabled: variable('AION_METRICS_ENABLED', types.flag(), {
    description: 'Collects metrics and serves `/metrics`.',
    example: 'true',
    fallback: 'true',
  }),
  metricsSubjects: variable('AION_METRICS_SUBJECTS', types.subsetOf(TELEMETRY_SUBJECTS), {
    description:
      'Areas to measure in addition to the process: requests, PostgreSQL, inference, queues and exports; or `none`.',
    example: 'http,db',
    fallback: TELEMETRY_SUBJECTS.join(','),
  }),
  metricsGenAi: variable('AION_METRICS_GENAI', types.flag(), {
    description: "Also exposes inference metrics under OpenTelemetry's names, `gen_ai_*`, for tools that expect them.",
    example: 'true',
    fallback: 'false',
  }),
};
