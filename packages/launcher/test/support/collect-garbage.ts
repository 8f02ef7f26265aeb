/** Preloaded into the services of a test: SIGUSR2 collects their garbage, so that what their heap holds is what they keep. */
process.on('SIGUSR2', () => globalThis.gc?.());
