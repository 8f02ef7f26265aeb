import { assertFutureExpiry } from './assert-future-expiry.ts';

describe('assertFutureExpiry', () => {
  it.each([null, undefined, new Date(Date.now() + 60_000), '2999-01-01T00:00:00.000Z'])('accepts %s', (expiresAt) => {
    expect(() => {
      assertFutureExpiry(expiresAt);
    }).not.toThrow();
  });

  it.each([new Date(Date.now() - 1), '2020-01-01T00:00:00.000Z'])('rejects %s, which is in the past', (expiresAt) => {
    expect(() => {
      assertFutureExpiry(expiresAt);
    }).toThrow('send a time in the future');
  });
});
