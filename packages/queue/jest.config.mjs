import { definePackage } from '../../jest.preset.mjs';

export default definePackage(import.meta.dirname, {
  globalSetup: '@aion/testkit/global-setup',
  globalTeardown: '@aion/testkit/global-teardown',
});
