import type { GenerationErrorType } from '@aion/contracts';

/** Generation before its call to a provider. */
export interface OpenedGeneration {
  readonly id: string;
  readonly tenantId: string;
  readonly apiKeyId: string;
  readonly provider: string;
  readonly model: string;
  readonly stream: boolean;
  readonly estimatedPromptTokens: number;
  readonly request: unknown;
}

/** Result of a generation. */
export interface Settlement {
  readonly id: string;
  readonly tenantId: string;
  readonly status: 'succeeded' | 'failed' | 'cancelled';
  readonly errorType: GenerationErrorType | null;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly usageSource: 'provider' | 'estimated';
  readonly costMicroUsd: number;
  readonly durationMs: number;
  readonly timeToFirstTokenMs: number | null;
  readonly response: unknown;
}

/** Store of generations. */
export interface GenerationStore {
  /** Resolves when the intent is durable. */
  open(generation: OpenedGeneration, signal: AbortSignal): Promise<void>;
  /** Resolves when the settlement is durable; retries automatically for a bounded time. */
  settle(settlement: Settlement): Promise<void>;
}
