import type { CheckException } from './select-findings.ts';

/** Files that are rightly named after something else than an export. */
export const FILE_NAME_EXCEPTIONS: readonly CheckException[] = [
  { path: 'packages/contracts/src/fields.ts', reason: 'groups fields that many schemas contain' },
];
