import { internalRoutes, serviceCaller } from '@aion/contracts';
import type { ServiceClient } from '@aion/http';
import { withSpan } from '@aion/tracing';
import type { Link } from '@opentelemetry/api';
import type { StoredApiKey, StoredOperator } from './key-directory.ts';

/** What of a stored key tells when it was used. */
type Dated = Pick<StoredApiKey, 'last_used_on' | 'last_refused_on'>;

/** Sees to it that the use of keys is in the audit trail. */
export interface KeyUses<K> {
  /**
   * Returns when it is recorded that this genuine key was accepted today, or refused: at once when it is known to be.
   * @param links the caller's span, for the trace of the recording
   * @throws UnavailableError, DeadlineExceededError when it cannot be recorded: whatever is done with a key is preceded
   *   by its event
   */
  ensureRecorded(key: K, accepted: boolean, links: Link[]): Promise<void>;
}

/** What key uses are made of. */
export interface KeyUsesOptions<K> {
  readonly record: (key: K, accepted: boolean) => Promise<void>;
  /** Unix time in milliseconds. */
  readonly now?: () => number;
}

const RECORD_TIMEOUT_MS = 5_000;

/** Creates what records uses, once for each day and each answer of a directory. */
export function createKeyUses<K extends Dated>({ record, now = Date.now }: KeyUsesOptions<K>): KeyUses<K> {
  // By what a directory has found, which it remembers for a second: by then it finds the day in the row.
  const recorded = new WeakMap<K, Promise<void>>();
  return {
    ensureRecorded: (key, accepted, links) => {
      const today = new Date(now()).toISOString().slice(0, 10);
      if ((accepted ? key.last_used_on : key.last_refused_on) === today) return Promise.resolve();
      const known = recorded.get(key);
      if (known !== undefined) return known;
      // A short trace of its own, for the reason that the look-up has one.
      const recording = withSpan('record key use', { links }, () => record(key, accepted));
      recorded.set(key, recording);
      recording.catch(() => recorded.delete(key));
      return recording;
    },
  };
}

/** Records uses of tenants' keys at database-gateway. */
export function createKeyUseRecord(database: ServiceClient): KeyUsesOptions<StoredApiKey>['record'] {
  return async ({ id, tenant_id }, accepted) => {
    const input = { params: { key_id: id }, body: { accepted }, caller: serviceCaller('web-api', tenant_id) };
    await database.call(internalRoutes.apiKeys.recordUse, { ...input, timeoutMs: RECORD_TIMEOUT_MS });
  };
}

/** Records uses of operators' keys at database-gateway. */
export function createOperatorUseRecord(database: ServiceClient): KeyUsesOptions<StoredOperator>['record'] {
  return async ({ id }, accepted) => {
    const input = { params: { operator_id: id }, body: { accepted } };
    await database.call(internalRoutes.operators.recordUse, { ...input, timeoutMs: RECORD_TIMEOUT_MS });
  };
}
