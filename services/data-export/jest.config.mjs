import preset from '../../jest.preset.mjs';

export default {
  ...preset,
  globalSetup: '@aion/testkit/global-setup',
  globalTeardown: '@aion/testkit/global-teardown',
};
