import { type Route, internalRoutes, type AnswerOf } from '@aion/contracts';
import { AionError, UnavailableError } from '@aion/errors';
import type { ServiceClient } from '@aion/http';
import { withSpan } from '@aion/tracing';
import type { Link } from '@opentelemetry/api';
import type { z } from 'zod';

/** A tenant's key as database-gateway stores it, with its keyed hash. */
export type StoredApiKey = AnswerOf<typeof internalRoutes.apiKeys.find>;

/** An operator's key as database-gateway stores it, with its keyed hash. */
export type StoredOperator = AnswerOf<typeof internalRoutes.operators.find>;

/** Lookup of keys by their public prefix, with a cache. */
export interface CachedKeyLookup<K> {
  /**
   * Finds a key, or returns undefined when there is none.
   * @param links the caller's span, for the trace of a lookup
   * @throws UnavailableError, DeadlineExceededError
   */
  find(prefix: string, links: Link[]): Promise<K | undefined>;
}

/** Options of `createCachedKeyLookup`. */
export interface CachedKeyLookupOptions<K> {
  /** Finds a key at its source; undefined when there is none. */
  readonly lookUp: (prefix: string) => Promise<K | undefined>;
  /** Monotonic time in milliseconds. */
  readonly now?: () => number;
  /** Maximum number of cached prefixes; the least recently used is evicted first. Default 10 000. */
  readonly maxEntries?: number;
}

/** A revoked key must be rejected everywhere within one second. */
const FOUND_TTL_MS = 1_000;
/** Long enough to limit the lookups that a flood of one wrong key causes. */
const MISSING_TTL_MS = 250;
const LOOKUP_TIMEOUT_MS = 5_000;
/** Maximum number of lookups for one caller when results arrive too late to be used. */
const MAX_LOOKUPS = 3;

/**
 * Creates a lookup that caches its results for a second. The time to live counts from before a lookup was sent, so that
 * a slow result is not used for longer, and one that took more than a second is not used at all: the key may have been
 * revoked meanwhile. Concurrent callers for one prefix share a lookup that is still young enough. `lru-cache` cannot keep
 * these limits: docs/adr/0008.
 */
export function createCachedKeyLookup<K>(options: CachedKeyLookupOptions<K>): CachedKeyLookup<K> {
  const { lookUp, now = () => performance.now(), maxEntries = 10_000 } = options;
  const entries = new Map<string, CacheEntry<K>>();

  const startLookup = (prefix: string, links: Link[]): CacheEntry<K> => {
    const startedAtMs = now();
    const found = lookUpInSpan(lookUp, prefix, links);
    const entry: CacheEntry<K> = { found, expiresAtMs: startedAtMs + FOUND_TTL_MS };
    const evict = () => {
      if (entries.get(prefix) === entry) entries.delete(prefix);
    };
    found.then((key) => {
      if (key === undefined) entry.expiresAtMs = startedAtMs + MISSING_TTL_MS;
    }, evict);
    return entry;
  };

  const getEntry = (prefix: string, links: Link[]): CacheEntry<K> => {
    const cached = entries.get(prefix);
    const entry = cached !== undefined && now() < cached.expiresAtMs ? cached : startLookup(prefix, links);
    // Inserted again, it is the last in the map's order: the first is the least recently used.
    entries.delete(prefix);
    entries.set(prefix, entry);
    if (entries.size > maxEntries) deleteFirst(entries);
    return entry;
  };

  return {
    find: async (prefix, links) => {
      for (let lookups = 1; lookups <= MAX_LOOKUPS; lookups += 1) {
        const entry = getEntry(prefix, links);
        const found = await entry.found;
        // A result without a key is used whatever its age: it only rejects.
        if (found === undefined || now() < entry.expiresAtMs) return found;
      }
      throw new UnavailableError('Keys cannot be looked up fast enough now.', { retryAfterSeconds: 1 });
    },
  };
}

/** Creates the lookup of tenants' keys at database-gateway. */
export function createKeyLookup(database: ServiceClient): CachedKeyLookupOptions<StoredApiKey>['lookUp'] {
  return createGatewayLookup(database, internalRoutes.apiKeys.find);
}

/** Creates the lookup of operators' keys at database-gateway. */
export function createOperatorLookup(database: ServiceClient): CachedKeyLookupOptions<StoredOperator>['lookUp'] {
  return createGatewayLookup(database, internalRoutes.operators.find);
}

interface CacheEntry<K> {
  readonly found: Promise<K | undefined>;
  expiresAtMs: number;
}

function createGatewayLookup<R extends z.ZodType>(
  database: ServiceClient,
  route: Route<typeof internalRoutes.apiKeys.find.params & z.ZodType, z.ZodType, z.ZodType, R>,
) {
  return async (prefix: string): Promise<z.output<R> | undefined> => {
    try {
      // Without the caller's signal: others may be waiting for the same lookup.
      return await database.call(route, { params: { prefix }, timeoutMs: LOOKUP_TIMEOUT_MS });
    } catch (error) {
      if (error instanceof AionError && error.code === 'NOT_FOUND') return undefined;
      throw error;
    }
  };
}

/**
 * A span needs its parent when it starts, and the key decides (by the scope `trace`) whether a request's parent is the
 * caller's span or a root span of the edge. A lookup can therefore not be part of the request's trace: it is a separate
 * short trace with the same correlation id in its baggage and the same link to the caller. A cached key starts none. When
 * a request that was admitted earlier looks its key up again, that lookup is part of its trace.
 */
function lookUpInSpan<K>(lookUp: CachedKeyLookupOptions<K>['lookUp'], prefix: string, links: Link[]) {
  return withSpan('authenticate key', { links }, () => lookUp(prefix));
}

function deleteFirst(entries: Map<string, unknown>): void {
  for (const prefix of entries.keys()) {
    entries.delete(prefix);
    return;
  }
}
