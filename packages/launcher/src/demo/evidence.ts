import { writeFile } from 'node:fs/promises';
import type { VerificationReport } from '@aion/bundle';
import { errorMessage } from '@aion/errors';
import type { SpanNode, SpanRecord } from '@aion/tracing';
import { LauncherError } from '../platform/launcher-error.ts';
import type { DemoCheck } from './check-trace.ts';
import type { DemoResponse } from './run-conversation.ts';

/** What a run of the demo has shown, as `--json` writes it. */
export interface Evidence {
  /** Version of Node.js. */
  readonly node: string;
  /** ISO 8601. */
  readonly startedAt: string;
  /** Milliseconds by phase. */
  readonly timings: Record<string, number>;
  models: readonly string[];
  readonly responses: DemoResponse[];
  tenants: readonly { readonly id: string; readonly name: string }[];
  export: ExportEvidence | null;
  traceId: string | null;
  /** The OTLP endpoint that took the spans instead of this file. */
  spansExportedTo: string | null;
  spans: { readonly tree: readonly SpanNode[]; readonly list: readonly SpanRecord[] };
  /** Processes in the trace. */
  services: readonly string[];
  readonly checks: DemoCheck[];
}

/** What became of the export. */
export interface ExportEvidence {
  readonly id: string;
  readonly state: string;
  /** Rows of the bundle by table. */
  readonly rows: Readonly<Record<string, number>>;
  readonly totalRows: number;
  readonly bundlePath: string;
  readonly bundleBytes: number;
  readonly identityPath: string;
  /** Path of a part with rows, in the bundle. */
  readonly partPath: string | null;
  readonly verification: VerificationReport;
}

/** Evidence of a run that begins now. */
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
    throw new LauncherError(`The evidence cannot be written (--json): ${errorMessage(error)}`, { cause: error });
  });
}
