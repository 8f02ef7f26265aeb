import type { CheckException } from './select-findings.ts';

/** Uses of banned phrases that are right. */
export const WORD_EXCEPTIONS: readonly CheckException[] = [
  { text: 'Unix epoch', reason: 'the standard term for 1970-01-01T00:00:00Z' },
];
