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

/** Settles a generation that failed, before or after its answer began. */
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

describe('the type of a failure', () => {
  it.each<[string, unknown, boolean, string]>([
    ['a request that the provider refused', new InvalidRequestError('x'), false, 'caller_invalid_request'],
    ['a model that the provider does not have', new ModelNotFoundError('x'), false, 'caller_invalid_request'],
    ['a client that left', new ClientClosedRequestError('x'), true, 'caller_cancelled'],
    ['a provider that is not there', new ProviderUnreachableError('x'), false, 'provider_unreachable'],
    ['a provider that failed', new ProviderError('x'), false, 'provider_error'],
    ['a provider that limits the rate', new RateLimitedError('x'), false, 'provider_error'],
    ['an answer that broke off', new ProviderError('x'), true, 'provider_stream_broken'],
    ['an answer that broke off, by an error of Node', new Error('x'), true, 'provider_stream_broken'],
    ['a deadline', new DeadlineExceededError('x'), false, 'provider_timeout'],
    ['a database that is away', new UnavailableError('x'), false, 'internal_error'],
    ['a fault of our own', new TypeError('x'), false, 'internal_error'],
  ])('of %s says whose fault it was', async (_what, failure, answerBegan, expected) => {
    const { errorType } = await settle(failure, answerBegan);
    expect(errorType).toBe(expected);
    reached.add(expected);
  });

  it('can be every one of the contract', () => {
    expect([...reached].toSorted()).toEqual(GENERATION_ERROR_TYPES.toSorted());
  });
});
