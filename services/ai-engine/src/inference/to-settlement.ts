import type { GenerationErrorType } from '@aion/contracts';
import { AionError } from '@aion/errors';
import { ProviderUnreachableError } from '../providers/provider.ts';
import type { ScannedAnswer } from './answer-scanner.ts';
import { countTokens } from './count-tokens.ts';
import type { Settlement } from './generation-store.ts';
import { costMicroUsd, type PriceTable } from './price-table.ts';

/** Generation at its end. */
export interface EndedGeneration {
  readonly id: string;
  readonly tenantId: string;
  readonly messages: unknown;
  readonly provider: string;
  readonly model: string;
  readonly prices: PriceTable;
  /** Undefined when no response began. */
  readonly answer: ScannedAnswer | undefined;
  /** Undefined when the response was complete. */
  readonly failure: unknown;
  readonly durationMs: number;
  readonly timeToFirstTokenMs: number | null;
}

/** Computes usage and cost of a generation from the provider's usage, or from an estimate that is marked as one. */
export async function toSettlement(generation: EndedGeneration): Promise<Settlement> {
  const { id, tenantId, provider, model, prices, answer, failure, durationMs, timeToFirstTokenMs } = generation;
  const counted = answer?.usage;
  const usage = counted ?? (await estimateUsage(generation));
  const errorType = failure === undefined ? null : toErrorType(failure, answer !== undefined);
  return {
    id,
    tenantId,
    status: errorType === null ? 'succeeded' : errorType === 'caller_cancelled' ? 'cancelled' : 'failed',
    errorType,
    ...usage,
    usageSource: counted === undefined ? 'estimated' : 'provider',
    costMicroUsd: costMicroUsd(prices, { provider, model, ...usage }),
    durationMs,
    timeToFirstTokenMs,
    response: answer === undefined ? null : { text: answer.text, finish_reason: answer.finishReason },
  };
}

async function estimateUsage({ messages, answer, failure }: EndedGeneration) {
  return {
    promptTokens: mayHaveRead(answer, failure) ? await countTokens(JSON.stringify(messages)) : 0,
    completionTokens: await countTokens(answer?.text ?? ''),
  };
}

/** Returns true if the provider may have processed the prompt. Unknown cost is never recorded as zero. */
function mayHaveRead(answer: ScannedAnswer | undefined, failure: unknown): boolean {
  if (answer !== undefined || !(failure instanceof AionError)) return true;
  return failure.code === 'CLIENT_CLOSED_REQUEST' || failure.code === 'DEADLINE_EXCEEDED';
}

/** Classifies a failure by the responsible party: errors of callers must not look like an outage of a provider. */
function toErrorType(failure: unknown, answerBegan: boolean): GenerationErrorType {
  if (!(failure instanceof AionError)) return answerBegan ? 'provider_stream_broken' : 'internal_error';
  if (failure instanceof ProviderUnreachableError) return 'provider_unreachable';
  switch (failure.code) {
    case 'INVALID_REQUEST':
    case 'MODEL_NOT_FOUND':
      return 'caller_invalid_request';
    case 'CLIENT_CLOSED_REQUEST':
      return 'caller_cancelled';
    case 'DEADLINE_EXCEEDED':
      return 'provider_timeout';
    case 'PROVIDER_FAILED':
    case 'RATE_LIMITED':
      return answerBegan ? 'provider_stream_broken' : 'provider_error';
    default:
      return 'internal_error';
  }
}
