import { TestEnvironment } from 'jest-environment-node';

// Jest sets it in its workers when it prints to a terminal; programs and Node's own `styleText` would then colour output
// that tests compare.
delete process.env.FORCE_COLOR;

/** Environment of integration and end-to-end tests. */
export default TestEnvironment;
