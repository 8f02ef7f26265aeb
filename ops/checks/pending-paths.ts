/** Files and folders that a check does not cover yet. The lists may only shrink: an entry without violations fails. */
export const PENDING_PATHS = {
  words: ['ops/checks', 'services/ai-engine/src/clients', 'services/ai-engine/src/inference'],
  fileNames: ['ops/checks/test-summary.ts'],
} as const;
