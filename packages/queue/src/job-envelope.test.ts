import { parseJobEnvelope } from './job-envelope.ts';

describe('parseJobEnvelope', () => {
  it('returns a valid envelope unchanged', () => {
    const envelope = { v: 1, carrier: { traceparent: '00-1-2-01', baggage: 'a=b' }, payload: { id: 'x' } };
    expect(parseJobEnvelope(envelope)).toEqual(envelope);
  });

  it.each([null, 'text', {}, { v: 2, carrier: {}, payload: {} }, { v: 1, carrier: {} }])('rejects %j', (data) => {
    expect(() => parseJobEnvelope(data)).toThrow('not an envelope of version 1');
  });

  it.each([
    ['is missing', undefined],
    ['is not an object', 'x'],
    ['has fields that are not strings', { traceparent: 1, baggage: {} }],
    ['is too long', { baggage: 'x'.repeat(8_193) }],
    ['has unknown fields', { authorization: 'secret' }],
  ])('omits a carrier that %s', (_what, carrier) => {
    expect(parseJobEnvelope({ v: 1, carrier, payload: 1 })).toEqual({ v: 1, carrier: {}, payload: 1 });
  });
});
