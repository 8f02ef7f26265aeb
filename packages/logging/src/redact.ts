import { classifyKey } from './classify-key.ts';
import { redactText } from './redact-text.ts';

const MAX_DEPTH = 6;
const MAX_ITEMS = 100;
/** Maximum number of values and characters of one record; the rest is omitted. */
const MAX_VALUES = 1_000;
const MAX_CHARACTERS = 32_768;

/** Remaining values and characters of a record. */
interface Budget {
  values: number;
  characters: number;
}

/**
 * Redacts any value for logging, including nested objects, collections and causes: first by the class of data of each key,
 * then by pattern. The result is plain JSON-safe data that shares nothing with the input. Depth, width, number of values
 * and length are bounded, and cycles are cut. Never throws: unreadable values are replaced by a marker. Never calls
 * `toJSON`.
 */
export function redact(value: unknown): unknown {
  return redactValue(value, 0, { values: MAX_VALUES, characters: MAX_CHARACTERS });
}

function redactValue(value: unknown, depth: number, budget: Budget): unknown {
  if (typeof value === 'number' || typeof value === 'boolean' || value === null || value === undefined) return value;
  budget.values -= 1;
  if (budget.values < 0 || budget.characters < 0) return '[more]';
  if (typeof value === 'string') return spend(redactText(value), budget);
  if (typeof value === 'bigint') return spend(redactText(value.toString()), budget);
  if (typeof value === 'function' || typeof value === 'symbol') return `[${typeof value}]`;
  if (depth >= MAX_DEPTH) return '[deep]';
  try {
    return redactObject(value, depth, budget);
  } catch {
    // A getter or a Proxy that throws must not make logging fail.
    return '[unreadable]';
  }
}

function spend(text: string, budget: Budget): string {
  budget.characters -= text.length;
  return text;
}

function redactObject(value: object, depth: number, budget: Budget): unknown {
  if (Array.isArray(value)) return redactList(value, depth, budget);
  if (value instanceof Error) return redactError(value, depth, budget);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? '[invalid date]' : new Date(value).toISOString();
  if (value instanceof URL || value instanceof URLSearchParams) {
    return spend(redactText(value instanceof URL ? value.href : `?${value.toString()}`), budget);
  }
  if (value instanceof String) return spend(redactText(String(value)), budget);
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`;
  if (value instanceof Set) return redactList([...take(value)], depth, budget);
  if (value instanceof Map || value instanceof Headers) {
    const entries = [...take<readonly [unknown, unknown]>(value)];
    return redactEntries(
      entries.map(([key, item]) => [toKey(key), () => item]),
      depth,
      budget,
    );
  }
  return redactEntries(ownEntries(value), depth, budget);
}

function* take<T>(items: Iterable<T>): Iterable<T> {
  let left = MAX_ITEMS;
  for (const item of items) {
    if (left === 0) return;
    left -= 1;
    yield item;
  }
}

function toKey(key: unknown): string {
  return typeof key === 'string' || typeof key === 'number' ? String(key) : `[${typeof key}]`;
}

/** Redacts a list. Raw headers alternate names and values, so an item after the name of a credential is redacted. */
function redactList(items: readonly unknown[], depth: number, budget: Budget): unknown[] {
  const clean: unknown[] = [];
  for (let i = 0; i < Math.min(items.length, MAX_ITEMS); i += 1) {
    const before = clean.length === 0 ? undefined : items[i - 1];
    const isSecret = typeof before === 'string' && classifyKey(before) === 'credential';
    clean.push(isSecret ? '[redacted:credential]' : redactValue(items[i], depth + 1, budget));
  }
  if (items.length > MAX_ITEMS) clean.push(`[${items.length - MAX_ITEMS} more]`);
  return clean;
}

type Entry = readonly [key: string, read: () => unknown];

/** Returns the own enumerable properties, each with its own read: one that throws does not hide the others. */
function ownEntries(value: object): Entry[] {
  return Object.keys(value).map((key) => [key, () => Reflect.get(value, key) as unknown]);
}

function redactEntries(entries: readonly Entry[], depth: number, budget: Budget): Record<string, unknown> {
  const clean: Record<string, unknown> = {};
  for (const [key, read] of entries.slice(0, MAX_ITEMS)) {
    const dataClass = classifyKey(key);
    // Assigning `__proto__` would set the prototype and lose the entry.
    const name = key === '__proto__' ? '[__proto__]' : spend(redactText(key), budget);
    if (dataClass === undefined) clean[name] = redactValue(tryRead(read), depth + 1, budget);
    else if (tryRead(read) !== undefined) clean[name] = `[redacted:${dataClass}]`;
  }
  if (entries.length > MAX_ITEMS) clean['[more]'] = entries.length - MAX_ITEMS;
  return clean;
}

function tryRead(read: () => unknown): unknown {
  try {
    return read();
  } catch {
    return '[unreadable]';
  }
}

function redactError(error: Error, depth: number, budget: Budget): Record<string, unknown> {
  const read = (key: string): unknown => tryRead(() => Reflect.get(error, key) as unknown);
  const text = (key: string): string => String(redactValue(read(key), depth + 1, budget));
  const stack = read('stack');
  // Only PostgreSQL errors have a severity; their messages may quote values.
  const message = typeof read('severity') === 'string' ? redactLiterals(text('message')) : text('message');
  const clean: Record<string, unknown> = { name: text('name'), message };
  if (typeof stack === 'string') clean['stack'] = spend(redactText(toFrames(stack)), budget);
  for (const key of ['cause', 'errors']) {
    const inner = read(key);
    if (inner !== undefined) clean[key] = redactValue(inner, depth + 1, budget);
  }
  const own = ownEntries(error).filter(([key]) => !['name', 'message', 'stack', 'cause', 'errors'].includes(key));
  return { ...redactEntries(own, depth, budget), ...clean };
}

/** Removes SQL literals, and the value that PostgreSQL quotes at the end of `invalid input syntax for type uuid: "..."`. */
function redactLiterals(message: string): string {
  return message.replace(/'[^']*'/g, "'[redacted]'").replace(/: ".*"$/, ': "[redacted]"');
}

/** Returns the first frames of a stack on one line, without its message, which may have many lines and contain values. */
function toFrames(stack: string): string {
  const frames = stack.split('\n', 100).map((line) => line.trim());
  return frames
    .filter((line) => line.startsWith('at '))
    .slice(0, 11)
    .join(' | ');
}
