import { definePackage } from '../../jest.preset.mjs';

export default definePackage(import.meta.dirname, {
  globalSetup: '<rootDir>/test/support/global-setup.ts',
  globalTeardown: '<rootDir>/test/support/global-teardown.ts',
});
