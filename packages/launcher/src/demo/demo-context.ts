import type { Tracing } from '@aion/tracing';
import type { Platform } from '../platform/start-platform.ts';
import type { DemoTenants, TenantStore } from './demo-tenants.ts';
import type { Evidence } from './evidence.ts';
import type { Conversation } from './read-conversations.ts';
import type { Terminal } from './terminal.ts';

/** State shared by the steps of the demo. */
export interface DemoContext {
  readonly platform: Platform;
  readonly stateDir: string;
  readonly conversations: readonly Conversation[];
  readonly terminal: Terminal;
  readonly evidence: Evidence;
  readonly tracing: Tracing;
  readonly tenants: DemoTenants;
  readonly store: TenantStore;
  /** Option `--model` or `--no-model`; undefined: use a language model if present. */
  readonly preferLanguageModel: boolean | undefined;
  readonly signal: AbortSignal;
}

/** Prints the result of a check and records it as evidence. */
export function addCheck({ terminal, evidence }: DemoContext, name: string, ok: boolean, message: string): void {
  evidence.checks.push({ name, ok, message });
  terminal.check(ok, `${name}: ${message}`);
}

/** Runs a phase and records its duration. */
export async function timePhase<T>(evidence: Evidence, phase: string, run: () => Promise<T>): Promise<T> {
  const startedAt = performance.now();
  try {
    return await run();
  } finally {
    evidence.timings[phase] = Math.round(performance.now() - startedAt);
  }
}
