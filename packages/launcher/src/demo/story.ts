import type { Tracing } from '@aion/tracing';
import type { Platform } from '../platform/start-platform.ts';
import type { DemoTenants, TenantStore } from './demo-tenants.ts';
import type { Evidence } from './evidence.ts';
import type { Conversation } from './read-conversations.ts';
import type { Terminal } from './terminal.ts';

/** What every chapter of the demo works with. */
export interface Story {
  readonly platform: Platform;
  readonly stateDir: string;
  readonly conversations: readonly Conversation[];
  readonly terminal: Terminal;
  readonly evidence: Evidence;
  readonly tracing: Tracing;
  readonly tenants: DemoTenants;
  readonly store: TenantStore;
  /** Absent: whichever is there. */
  readonly preferLanguageModel: boolean | undefined;
  readonly signal: AbortSignal;
}

/** Prints a check and keeps it as evidence. */
export function addCheck({ terminal, evidence }: Story, name: string, ok: boolean, message: string): void {
  evidence.checks.push({ name, ok, message });
  terminal.check(ok, `${name}: ${message}`);
}

/** Runs a phase and keeps its time. */
export async function timed<T>(evidence: Evidence, phase: string, run: () => Promise<T>): Promise<T> {
  const startedAt = performance.now();
  try {
    return await run();
  } finally {
    evidence.timings[phase] = Math.round(performance.now() - startedAt);
  }
}
