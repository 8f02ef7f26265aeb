import { GENERATION_ERROR_TYPES } from '@aion/contracts';
import {
  ClientClosedRequestError,
  DeadlineExceededError,
  InvalidRequestError,
  ModelNotFoundError,
  ProviderError,
  RateLimitedError,
  UnavailableError,
} from '@aion/errors';
import { ProviderUnreachableError } from '../providers/provider.ts';
import { toSettlement } from './to-settlement.ts';

const reached = new Set<string>();

/** Settles a generation that failed before or after its response began. */
function settle(failure: unknown, answerBegan: boolean) {
  const usage = { promptTokens: 1, completionTokens: 1 };
  return toSettlement({
    id: '0',
    tenantId: '0',
    messages: [],
    provider: 'openai',
    model: 'tiny',
    prices: { default: { input: 1, output: 1 } },
    answer: answerBegan ? { text: '', finishReason: null, usage } : undefined,
    failure,
    durationMs: 1,
    timeToFirstTokenMs: null,
  });
}

describe('error type', () => {
  it.each<[string, unknown, boolean, string]>([
    ['a request that the provider rejected', new InvalidRequestError('x'), false, 'caller_invalid_request'],
    ['a model that the provider does not have', new ModelNotFoundError('x'), false, 'caller_invalid_request'],
    ['a client that disconnected', new ClientClosedRequestError('x'), true, 'caller_cancelled'],
    ['an unreachable provider', new ProviderUnreachableError('x'), false, 'provider_unreachable'],
    ['a provider that failed', new ProviderError('x'), false, 'provider_error'],
    ['a provider that limits the rate', new RateLimitedError('x'), false, 'provider_error'],
    ['a truncated response', new ProviderError('x'), true, 'provider_stream_broken'],
    ['a response truncated by an error of Node', new Error('x'), true, 'provider_stream_broken'],
    ['a deadline', new DeadlineExceededError('x'), false, 'provider_timeout'],
    ['an unavailable database', new UnavailableError('x'), false, 'internal_error'],
    ['an internal fault', new TypeError('x'), false, 'internal_error'],
  ])('of %s identifies the responsible party', async (_case, failure, answerBegan, expected) => {
    const { errorType } = await settle(failure, answerBegan);
    expect(errorType).toBe(expected);
    reached.add(expected);
  });

  it('can be each one of the contract', () => {
    expect([...reached].toSorted()).toEqual(GENERATION_ERROR_TYPES.toSorted());
  });
});
