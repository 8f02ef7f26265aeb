import { memoize } from './memoize.ts';

/** Pattern of one kind of secret. `hint` is tested first because it is much cheaper than `pattern`. */
interface SecretPattern {
  readonly hint: RegExp;
  readonly pattern: RegExp;
  readonly replacement: string;
}

const secret = (hint: RegExp, pattern: RegExp, replacement: string): SecretPattern => ({ hint, pattern, replacement });

// Every expression runs in linear time on hostile text: it starts with a fixed word, starts after a lookbehind that allows
// one match position per run of characters, or has a bounded length.
const PATTERNS: readonly SecretPattern[] = [
  secret(
    /-----BEGIN /,
    /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----(?:(?!-----END ).)*(?:-----END [A-Z0-9 ]{0,40}-----)?/g,
    '[redacted:private-key]',
  ),
  secret(/AGE-SECRET-KEY-/i, /AGE-SECRET-KEY-[A-Z0-9-]+/gi, '[redacted:age-identity]'),
  secret(/aion_sk_/, /aion_sk_[A-Za-z0-9_-]+/g, '[redacted:key]'),
  secret(/[spr]k[-_]/, /(?<![A-Za-z0-9])[spr]k[-_][A-Za-z0-9_-]{16,}/g, '[redacted:key]'),
  secret(/gh[pousr]_|github_pat_/, /(?:gh[pousr]|github_pat)_[A-Za-z0-9_]{20,}/g, '[redacted:key]'),
  secret(/glpat-|xox[a-z]-|hf_|npm_|AIza/, /(?:glpat-|xox[a-z]-|hf_|npm_|AIza)[A-Za-z0-9_-]{16,}/g, '[redacted:key]'),
  secret(/A[KS]IA/, /(?<![A-Z0-9])A[KS]IA[A-Z0-9]{16}(?![A-Z0-9])/g, '[redacted:key]'),
  secret(/eyJ/, /(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?/g, '[redacted:jwt]'),
  secret(/bearer/i, /\bBearer\s{1,8}[A-Za-z0-9._~+/=-]+/gi, 'Bearer [redacted]'),
  secret(/basic/i, /\bBasic\s{1,8}(?=[A-Za-z0-9+/]{0,200}[0-9=])[A-Za-z0-9+/]{6,}=*/gi, 'Basic [redacted]'),
  secret(/cookie/i, /\b((?:set-)?cookie"?\s{0,4}[:=]\s{0,4})[^|]+/gi, '$1[redacted]'),
  secret(
    /passw|passphrase|secret|token|api[-_]?key|authorization/i,
    /((?:password|passwd|passphrase|secret|token|api[-_]?key|authorization)\\?["']?\s{0,4}[:=]\s{0,4}\\?["']?)(?!\[redacted|Bearer \[|Basic \[)[^\s"'\\,;&)}]+/gi,
    '$1[redacted]',
  ),
  secret(/:\/\//, /(:\/\/[^\s:/@]{0,256}:)(?!\d{1,5}(?:[/?#\s]|$))[^\s@]{1,256}@/g, '$1[redacted]@'),
  secret(
    /[?&]/,
    /([?&](?:[\w.-]{0,40}(?:signature|token|secret|password|credential|api_?key)|sig|key|code|auth)=)[^&\s#"']+/gi,
    '$1[redacted]',
  ),
  secret(
    /@/,
    /(?<![^\s<>()[\],;:"'|/=&?@])[^\s<>()[\],;:"'|/=&?@]+@[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)*\.\p{L}{2,}/gu,
    '[redacted:email]',
  ),
];
/** Matches text to which any pattern may apply. Most text contains no secret, and one expression is cheaper than all. */
const HINTS = new RegExp(PATTERNS.map(({ hint }) => hint.source).join('|'), 'i');
/** Matches text that is too short for a secret and has no unsafe characters. */
const HARMLESS = /^[\w./-]{0,12}$/;
const CARD_CANDIDATE = /(?<!\d)\d(?:[ -]?\d){12,18}(?!\d)/g;
/** Ids of rows, whose digits may look like a card number. */
const UUID = /[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}/i;
const UUID_LENGTH = 36;
const IBAN_CANDIDATE = /(?<![A-Z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![A-Z0-9])/g;
// Control characters, ANSI escapes, line separators and bidirectional controls (UAX 9): a record must stay one line whose
// displayed order is its real order.
const UNSAFE_CHARACTERS =
  /\u001b\[[0-9;]*[A-Za-z]|[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

const MAX_STRING = 8_192;
/** Characters read beyond the bound, so that a secret across the bound is recognised. */
const OVERLAP = 512;

/** Redacts a string for logging: replaces secrets, removes control and bidirectional characters, bounds the length. */
export const redactText: (text: string) => string = memoize(redactUncached, { maxTexts: 200, maxLength: 64 });

function redactUncached(text: string): string {
  if (HARMLESS.test(text)) return text;
  let clean = text.length > MAX_STRING ? text.slice(0, MAX_STRING + OVERLAP) : text;
  clean = clean.replace(UNSAFE_CHARACTERS, ' ');
  if (HINTS.test(clean)) {
    for (const { hint, pattern, replacement } of PATTERNS) {
      if (hint.test(clean)) clean = clean.replace(pattern, replacement);
    }
  }
  clean = clean.replace(CARD_CANDIDATE, (candidate, at: number, whole: string) =>
    isCardNumber(candidate) && !isWithinUuid(whole, at) ? '[redacted:card]' : candidate,
  );
  clean = clean.replace(IBAN_CANDIDATE, (candidate) => (isIban(candidate) ? '[redacted:iban]' : candidate));
  return text.length > MAX_STRING ? `${clean.slice(0, MAX_STRING)}...` : clean;
}

/** Reports whether the position is inside a UUID. The window is too short to contain a UUID elsewhere. */
function isWithinUuid(text: string, at: number): boolean {
  return UUID.test(text.slice(Math.max(0, at - UUID_LENGTH + 1), at + UUID_LENGTH));
}

/** Validates the check digit with the Luhn algorithm (ISO/IEC 7812-1). */
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

/** Validates the check digits of an IBAN (ISO 13616): the rearranged number modulo 97 is 1. */
function isIban(candidate: string): boolean {
  const compact = candidate.replaceAll(' ', '');
  let rest = 0;
  for (const character of compact.slice(4) + compact.slice(0, 4)) {
    const value = Number.parseInt(character, 36);
    rest = (value > 9 ? rest * 100 + value : rest * 10 + value) % 97;
  }
  return rest === 1;
}
