import { internalRoutes, serviceCaller } from '@aion/contracts';
import type { ServiceClient } from '@aion/http';
import { withSpan } from '@aion/tracing';
import type { Link } from '@opentelemetry/api';
import type { StoredApiKey, StoredOperator } from './cached-key-lookup.ts';

/** Ensures that the use of keys is in the audit trail. */
export interface KeyUsageRecorder<K> {
  /**
   * Resolves when it is recorded that this genuine key was accepted or rejected today; without a request when the key
   * shows that it is already recorded.
   * @param links the caller's span, for the trace of the recording
   * @throws UnavailableError, DeadlineExceededError when it cannot be recorded: the event precedes any effect of a key
   */
  ensureRecorded(key: K, accepted: boolean, links: Link[]): Promise<void>;
}

/** Options of `createKeyUsageRecorder`. */
export interface KeyUsageRecorderOptions<K> {
  readonly record: (key: K, accepted: boolean) => Promise<void>;
  /** Unix time in milliseconds. */
  readonly now?: () => number;
}

const RECORD_TIMEOUT_MS = 5_000;

/** Creates a recorder that records the use of a key once per day and result of a lookup. */
export function createKeyUsageRecorder<K extends UsageDates>(options: KeyUsageRecorderOptions<K>): KeyUsageRecorder<K> {
  const { record, now = Date.now } = options;
  // Keyed by the result of a lookup, which is cached for a second; the next lookup finds the day in the row.
  const recorded = new WeakMap<K, Promise<void>>();
  return {
    ensureRecorded: (key, accepted, links) => {
      const today = new Date(now()).toISOString().slice(0, 10);
      if ((accepted ? key.last_used_on : key.last_refused_on) === today) return Promise.resolve();
      const known = recorded.get(key);
      if (known !== undefined) return known;
      // A separate short trace, for the same reason as that of the lookup.
      const recording = withSpan('record key use', { links }, () => record(key, accepted));
      recorded.set(key, recording);
      recording.catch(() => recorded.delete(key));
      return recording;
    },
  };
}

/** Creates the function that records uses of tenants' keys at database-gateway. */
export function createKeyUseWriter(database: ServiceClient): KeyUsageRecorderOptions<StoredApiKey>['record'] {
  return async ({ id, tenant_id }, accepted) => {
    const input = { params: { key_id: id }, body: { accepted }, caller: serviceCaller('web-api', tenant_id) };
    await database.call(internalRoutes.apiKeys.recordUse, { ...input, timeoutMs: RECORD_TIMEOUT_MS });
  };
}

/** Creates the function that records uses of operators' keys at database-gateway. */
export function createOperatorUseWriter(database: ServiceClient): KeyUsageRecorderOptions<StoredOperator>['record'] {
  return async ({ id }, accepted) => {
    const input = { params: { operator_id: id }, body: { accepted } };
    await database.call(internalRoutes.operators.recordUse, { ...input, timeoutMs: RECORD_TIMEOUT_MS });
  };
}

/** Days on which a stored key was last accepted and rejected. */
type UsageDates = Pick<StoredApiKey, 'last_used_on' | 'last_refused_on'>;
