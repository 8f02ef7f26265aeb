import preset from '../../jest.preset.mjs';

export default {
  ...preset,
  // Real processes die and are replaced here: with a machine that is busy, some tests take long.
  testTimeout: 60_000,
  globalSetup: '@aion/testkit/global-setup',
  globalTeardown: '@aion/testkit/global-teardown',
};
