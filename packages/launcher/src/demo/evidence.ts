import { writeFile } from 'node:fs/promises';
import type { VerificationReport } from '@aion/bundle';
import { errorMessage } from '@aion/errors';
import type { SpanNode, SpanRecord } from '@aion/tracing';
import { LauncherError } from '../platform/launcher-error.ts';
import type { DemoCheck } from './check-trace.ts';
import type { DemoResponse } from './run-conversation.ts';

/** Results of a run of the demo, as written by `--json`. */
export interface Evidence {
  /** Version of Node.js. */
  readonly node: string;
  /** ISO 8601. */
  readonly startedAt: string;
  /** Duration of each phase in milliseconds. */
  readonly timings: Record<string, number>;
  models: readonly string[];
  readonly responses: DemoResponse[];
  tenants: readonly { readonly id: string; readonly name: string }[];
  export: ExportEvidence | null;
  traceId: string | null;
  /** OTLP endpoint that received the spans; then this file does not contain them. */
  spansExportedTo: string | null;
  spans: { readonly tree: readonly SpanNode[]; readonly list: readonly SpanRecord[] };
  /** Names of the processes in the trace. */
  services: readonly string[];
  readonly checks: DemoCheck[];
}

/** Results of the export and of the verification of its bundle. */
export interface ExportEvidence {
  readonly id: string;
  readonly state: string;
  /** Number of rows in the bundle by table. */
  readonly rows: Readonly<Record<string, number>>;
  readonly totalRows: number;
  readonly bundlePath: string;
  readonly bundleBytes: number;
  readonly identityPath: string;
  /** Path in the bundle of a part that contains rows. */
  readonly partPath: string | null;
  readonly verification: VerificationReport;
}

/** Creates the evidence of a run that begins now. */
export function createEvidence(): Evidence {
  return {
    node: process.version,
    startedAt: new Date().toISOString(),
    timings: {},
    models: [],
    responses: [],
    tenants: [],
    export: null,
    traceId: null,
    spansExportedTo: null,
    spans: { tree: [], list: [] },
    services: [],
    checks: [],
  };
}

/** Writes the evidence. @throws LauncherError when the file cannot be written */
export async function writeEvidence(path: string, evidence: Evidence): Promise<void> {
  await writeFile(path, `${JSON.stringify(evidence, null, 2)}\n`).catch((error: unknown) => {
    throw new LauncherError(`Could not write the evidence file of --json: ${errorMessage(error)}`, { cause: error });
  });
}
