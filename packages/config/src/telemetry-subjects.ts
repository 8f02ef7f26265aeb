/**
 * Areas of telemetry, each with its own feature flag for metrics and for tracing: HTTP requests (public and internal),
 * PostgreSQL, inference, and queues with their jobs.
 */
export const TELEMETRY_SUBJECTS = ['http', 'db', 'ai', 'queue'] as const;
/** One of `TELEMETRY_SUBJECTS`. */
export type TelemetrySubject = (typeof TELEMETRY_SUBJECTS)[number];
