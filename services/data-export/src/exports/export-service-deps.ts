import type { SigningKey } from '@aion/bundle';
import type { Logger } from '@aion/logging';
import type { ExportGateway } from './export-gateway.ts';
import type { ExportMetrics } from './export-metrics.ts';
import type { ExportObjects } from './export-objects.ts';

/** What the use case works with. */
export interface ExportServiceDeps {
  readonly gateway: ExportGateway;
  readonly objects: ExportObjects;
  readonly signingKey: SigningKey;
  readonly metrics: ExportMetrics;
  readonly logger: Logger;
  /** Named in the manifest. */
  readonly version: string;
  readonly leaseMs: number;
  readonly maxPartBytes: number;
  /** How often an export may have been begun when a failure that could mend itself ends it; default 8. */
  readonly maxAttempts?: number;
  /** How often it may be begun at all, by workers that die or are stopped, too; default 20. */
  readonly maxClaims?: number;
}
