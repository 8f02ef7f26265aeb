import { type Route, internalRoutes, type AnswerOf } from '@aion/contracts';
import { AionError, UnavailableError } from '@aion/errors';
import type { ServiceClient } from '@aion/http';
import { withSpan } from '@aion/tracing';
import type { Link } from '@opentelemetry/api';
import type { z } from 'zod';

/** A key as database-gateway keeps it, with its keyed hash. */
export type StoredApiKey = AnswerOf<typeof internalRoutes.apiKeys.find>;

/** An operator's key, likewise. */
export type StoredOperator = AnswerOf<typeof internalRoutes.operators.find>;

/** Finds keys by their public prefix. */
export interface KeyDirectory<K> {
  /**
   * The key, or undefined when there is none.
   * @param links the caller's span, for the trace of a look-up
   * @throws UnavailableError, DeadlineExceededError
   */
  find(prefix: string, links: Link[]): Promise<K | undefined>;
}

/** What a directory is made of. */
export interface KeyDirectoryOptions<K> {
  /** Finds a key where keys are kept; undefined when there is none. */
  readonly lookUp: (prefix: string) => Promise<K | undefined>;
  /** Milliseconds that do not go backwards. */
  readonly now?: () => number;
  /** Prefixes that are remembered; the least recently used leaves first. Default 10 000. */
  readonly maxEntries?: number;
}

interface Entry<K> {
  readonly found: Promise<K | undefined>;
  expiresAtMs: number;
}

/** A revoked key must be refused everywhere within one second. */
const FOUND_TTL_MS = 1_000;
/** Long enough to blunt a flood of one wrong key. */
const MISSING_TTL_MS = 250;
const LOOK_UP_TIMEOUT_MS = 5_000;
/** How often a key is looked up for one caller when answers come too late to be trusted. */
const MAX_LOOK_UPS = 3;

/**
 * Creates a directory that remembers what it found for a second. The time counts from before the look-up was sent, so
 * that an answer which was slow to arrive is not used for longer, and one that took more than a second not at all: the
 * key may have been revoked meanwhile. Callers that ask for one prefix at the same time share one look-up.
 */
export function createKeyDirectory<K>(options: KeyDirectoryOptions<K>): KeyDirectory<K> {
  const { lookUp, now = () => performance.now(), maxEntries = 10_000 } = options;
  const entries = new Map<string, Entry<K>>();

  const start = (prefix: string, links: Link[]): Entry<K> => {
    const startedAtMs = now();
    const found = lookUpInSpan(lookUp, prefix, links);
    const entry: Entry<K> = { found, expiresAtMs: startedAtMs + FOUND_TTL_MS };
    const forget = () => {
      if (entries.get(prefix) === entry) entries.delete(prefix);
    };
    found.then((key) => {
      if (key === undefined) entry.expiresAtMs = startedAtMs + MISSING_TTL_MS;
    }, forget);
    return entry;
  };

  const current = (prefix: string, links: Link[]): Entry<K> => {
    const known = entries.get(prefix);
    const entry = known !== undefined && now() < known.expiresAtMs ? known : start(prefix, links);
    // Set anew, it is the last in the map's order: the first is the least recently used.
    entries.delete(prefix);
    entries.set(prefix, entry);
    if (entries.size > maxEntries) deleteFirst(entries);
    return entry;
  };

  return {
    find: async (prefix, links) => {
      for (let lookUps = 1; lookUps <= MAX_LOOK_UPS; lookUps += 1) {
        const entry = current(prefix, links);
        const found = await entry.found;
        // That there is no such key is a refusal, and can be no older than it should.
        if (found === undefined || now() < entry.expiresAtMs) return found;
      }
      throw new UnavailableError('Keys cannot be looked up fast enough now.', { retryAfterSeconds: 1 });
    },
  };
}

/** Looks the keys of tenants up at database-gateway. */
export function createKeyLookUp(database: ServiceClient): KeyDirectoryOptions<StoredApiKey>['lookUp'] {
  return createLookUp(database, internalRoutes.apiKeys.find);
}

/** Looks the keys of operators up at database-gateway. */
export function createOperatorLookUp(database: ServiceClient): KeyDirectoryOptions<StoredOperator>['lookUp'] {
  return createLookUp(database, internalRoutes.operators.find);
}

function createLookUp<R extends z.ZodType>(
  database: ServiceClient,
  route: Route<typeof internalRoutes.apiKeys.find.params & z.ZodType, z.ZodType, z.ZodType, R>,
) {
  return async (prefix: string): Promise<z.output<R> | undefined> => {
    try {
      // Without the caller's signal: others may be waiting for the same look-up.
      return await database.call(route, { params: { prefix }, timeoutMs: LOOK_UP_TIMEOUT_MS });
    } catch (error) {
      if (error instanceof AionError && error.code === 'NOT_FOUND') return undefined;
      throw error;
    }
  };
}

/**
 * A span needs its parent when it starts, and whether a request's parent is the caller's span or a root of our own is
 * for the key to decide: the scope `trace`. So a look-up cannot be inside of the request's trace. It is a short trace of
 * its own, with the same correlation id in its baggage and the same link to the caller. A remembered key opens none. Where
 * a request that was let in long ago asks again, the look-up is inside of its trace.
 */
function lookUpInSpan<K>(lookUp: KeyDirectoryOptions<K>['lookUp'], prefix: string, links: Link[]) {
  return withSpan('authenticate key', { links }, () => lookUp(prefix));
}

function deleteFirst(entries: Map<string, unknown>): void {
  for (const prefix of entries.keys()) {
    entries.delete(prefix);
    return;
  }
}
