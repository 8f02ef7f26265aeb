import { fileURLToPath, URL } from 'node:url';

/** Shared Jest configuration: TypeScript sources as ES modules, compiled by swc, no build step. */
export default {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2024' },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  testMatch: ['<rootDir>/**/*.test.ts'],
  testTimeout: 30_000,
  openHandlesTimeout: 2_000,
  reporters: ['default', fileURLToPath(new URL('./ops/checks/jest-results-reporter.mjs', import.meta.url))],
};
