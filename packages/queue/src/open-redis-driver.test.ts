import { assertIoredisIsInstalled } from './open-redis-driver.ts';

describe('assertIoredisIsInstalled', () => {
  it('finds the package that is installed here', () => {
    expect(() => assertIoredisIsInstalled()).not.toThrow();
  });

  it('says what to install', () => {
    const resolve = () => {
      throw new Error("Cannot find module 'ioredis'");
    };
    expect(() => assertIoredisIsInstalled(resolve)).toThrow('need the package ioredis: install it');
  });
});
