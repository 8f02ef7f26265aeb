import { assertIoredisIsInstalled } from './open-redis-driver.ts';

describe('assertIoredisIsInstalled', () => {
  it('accepts an installed package', () => {
    expect(() => assertIoredisIsInstalled()).not.toThrow();
  });

  it('names the package to install when it is missing', () => {
    const resolve = () => {
      throw new Error("Cannot find module 'ioredis'");
    };
    expect(() => assertIoredisIsInstalled(resolve)).toThrow('need the package ioredis. Install it');
  });
});
