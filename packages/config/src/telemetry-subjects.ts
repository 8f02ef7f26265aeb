/**
 * What telemetry may be about, each of which is switched by itself: requests between services and from outside,
 * PostgreSQL, inference, and queues with what they carry.
 */
export const TELEMETRY_SUBJECTS = ['http', 'db', 'ai', 'queue'] as const;
/** One of `TELEMETRY_SUBJECTS`. */
export type TelemetrySubject = (typeof TELEMETRY_SUBJECTS)[number];
