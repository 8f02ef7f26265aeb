/** A value with a name for reports. */
export type NamedValue = readonly [name: string, value: unknown];

/** Strings that are unexpected for a contract. None resembles an internal detail of the platform. */
export const HOSTILE_TEXTS: readonly NamedValue[] = [
  ['empty text', ''],
  ['blank text', ' \t\n\u3000'],
  ['NUL', '\u0000'],
  ['NUL inside', 'a\u0000b'],
  ['control characters', '\u0001\u0007\u001b[31m\u007f\u0085'],
  ['lone high surrogate', '\ud83d'],
  ['lone low surrogate', 'a\udc00b'],
  ['right to left', 'שלום \u202Eevil\u202C مرحبا'],
  ['combining', `e${'\u0301'.repeat(200)}`],
  ['emoji', '\u{1f469}\u{200d}\u{1f469}\u{200d}\u{1f467}\u{200d}\u{1f466}\u{1f3f3}\u{fe0f}\u{200d}\u{1f308}'],
  ['private and unassigned', '\ue000\uffff\u{10ffff}'],
  ['line separators', 'a\u2028b\u2029c\r\nx-injected: yes'],
  ['quotes', `'; --"\\\u0060`],
  ['template', '{{7*7}}${7*7}%{x}%s%n'],
  ['dots', '../../..'],
  ['nil uuid', '00000000-0000-0000-0000-000000000000'],
  ['upper-case uuid', '01890A5D-AC96-774B-BCCE-B302099A8057'],
  ['impossible day', '2026-02-30T00:00:00.000Z'],
  ['far day', '9999-12-31T23:59:59.999999999Z'],
  ['year 0', '0000-01-01T00:00:00Z'],
  ['number as text', '1'],
  ['large number as text', '99999999999999999999'],
  ['infinity as text', 'Infinity'],
  ['wildcard', '%_*'],
];

/** Unexpected JSON values of all types. */
export const HOSTILE_VALUES: readonly NamedValue[] = [
  ['null', null],
  ['true', true],
  ['zero', 0],
  ['negative', -1],
  ['fraction', 1.5],
  ['tiny fraction', 5e-324],
  ['beyond int32', 2 ** 31],
  ['beyond safe integers', 2 ** 53],
  ['beyond int64', 2 ** 63],
  ['beyond everything', 1.7976931348623157e308],
  ['most negative', -1.7976931348623157e308],
  ['empty list', []],
  ['list of null', [null]],
  ['empty object', {}],
  ['object', { a: 1, constructor: { prototype: {} } }],
  ['huge text', 'x'.repeat(100_000)],
  ['huge unicode', '\u{1f4a5}'.repeat(30_000)],
  ['huge list', Array.from({ length: 5_000 }, () => 'x')],
  ['deep list', nested(500)],
  ...HOSTILE_TEXTS,
];

function nested(depth: number): unknown {
  let value: unknown = 'x';
  for (let level = 0; level < depth; level += 1) value = [value];
  return value;
}
