/** Files and folders that a check does not cover yet. The lists may only shrink: an entry without violations fails. */
export const PENDING_PATHS = {
  words: [
    'docs',
    'ops/checks',
    'packages/cli',
    'services/ai-engine/src/clients',
    'services/ai-engine/src/inference',
    'services/database-gateway/src/generations',
  ],
  fileNames: [
    'ops/checks/test-summary.ts',
    'packages/cli/src/completion/completion-tree.ts',
    'packages/cli/src/files/upload-file.ts',
    'packages/cli/src/key-files.ts',
    'packages/cli/src/routes/route-input.ts',
    'packages/cli/src/status/read-status.ts',
  ],
} as const;
