const SECRET_KEYS =
  /^(authorization|proxy-authorization|cookie|set-cookie|x-api-key|api[-_]?key|password|passwd|secret|token|access[-_]?token|refresh[-_]?token|private[-_]?key|identity|passphrase|credentials?|pepper|key_hash|detail|prompt|completion|content|messages)$/i;

/** Replaced in every string: AION and provider keys, bearer tokens, JWTs, age identities, e-mails, URL passwords. */
const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/\baion_sk_[A-Za-z0-9]+_[A-Za-z0-9]+/g, '[redacted:key]'],
  [/\b(sk|pk|rk)-[A-Za-z0-9_-]{16,}/g, '[redacted:key]'],
  [/\bBearer\s+[A-Za-z0-9._~+/-]+=*/gi, 'Bearer [redacted]'],
  [/\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+/g, '[redacted:jwt]'],
  [/\bAGE-SECRET-KEY-1[A-Z0-9]+/g, '[redacted:age-identity]'],
  [/([a-z][a-z0-9+.-]*:\/\/[^\s:/@]*:)[^\s@/]+@/gi, '$1[redacted]@'],
  [/([?&](?:signature|token|key|api_key|password)=)[^&\s]+/gi, '$1[redacted]'],
  [/[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}/g, '[redacted:email]'],
];
const CARD_CANDIDATE = /\b\d(?:[ -]?\d){12,18}\b/g;
// Control characters, ANSI escapes and bidirectional overrides: a record must stay one line that reads as it is.
const UNSAFE_CHARACTERS = /\u001b\[[0-9;]*[A-Za-z]|[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

const MAX_DEPTH = 6;
const MAX_STRING = 8_192;
const MAX_ITEMS = 100;

/** A string made fit for a log: secrets replaced, control and bidirectional characters removed, length bounded. */
export function redactText(text: string): string {
  let clean = text.length > MAX_STRING ? `${text.slice(0, MAX_STRING)}...` : text;
  clean = clean.replace(UNSAFE_CHARACTERS, ' ');
  for (const [pattern, replacement] of PATTERNS) clean = clean.replace(pattern, replacement);
  return clean.replace(CARD_CANDIDATE, (candidate) => (isCardNumber(candidate) ? '[redacted:card]' : candidate));
}

/**
 * Any value made fit for a log, through nested objects and `Error.cause`: by key, then by pattern. The result is plain
 * JSON-safe data and shares nothing with the input; depth, width and string length are bounded, cycles are cut.
 */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value === 'bigint') return value.toString();
  if (value === null || typeof value === 'number' || typeof value === 'boolean' || value === undefined) return value;
  if (typeof value === 'function' || typeof value === 'symbol') return `[${typeof value}]`;
  if (depth >= MAX_DEPTH) return '[deep]';
  if (value instanceof Error) return redactError(value, depth);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? '[invalid date]' : value.toISOString();
  if (value instanceof URL) return redactText(value.href);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (Array.isArray(value)) return value.slice(0, MAX_ITEMS).map((item) => redact(item, depth + 1));
  return redactEntries(Object.entries(value), depth);
}

function redactError(error: Error, depth: number): unknown {
  const { name, message, stack, cause, ...own } = error;
  return {
    name: redactText(name),
    message: redactText(message),
    ...(stack === undefined
      ? {}
      : {
          stack: redactText(
            stack
              .split('\n')
              .slice(1, 12)
              .map((line) => line.trim())
              .join(' | '),
          ),
        }),
    ...(cause === undefined ? {} : { cause: redact(cause, depth + 1) }),
    ...redactEntries(Object.entries(own), depth),
  };
}

function redactEntries(entries: readonly [string, unknown][], depth: number): Record<string, unknown> {
  const clean: Record<string, unknown> = {};
  for (const [key, item] of entries.slice(0, MAX_ITEMS)) {
    clean[redactText(key)] = SECRET_KEYS.test(key) && item !== undefined ? '[redacted]' : redact(item, depth + 1);
  }
  return clean;
}

/** Luhn's check (ISO/IEC 7812-1). */
function isCardNumber(candidate: string): boolean {
  const digits = candidate.replace(/\D/g, '');
  let sum = 0;
  for (let i = 0; i < digits.length; i += 1) {
    const digit = Number(digits[digits.length - 1 - i]);
    const doubled = i % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}
