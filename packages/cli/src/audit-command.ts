import type { KeyObject } from 'node:crypto';
import { toPublicKeyObject } from '@aion/bundle';
import { Command } from 'commander';
import { formatAuditReport, isIntact } from './audit/format-audit-report.ts';
import { countUnproven, verifyTrail, type AuditVerification } from './audit/verify-trail.ts';
import { EXIT_FAILED } from './exit-codes.ts';
import { readNamedFile } from './read-named-file.ts';
import { readSigner } from './read-signer.ts';
import { exitWithError } from './exit-with-error.ts';
import { createVerifyProgress } from './verify-progress.ts';

interface AuditVerifyOptions {
  readonly identity?: string;
  readonly signer?: readonly string[];
  readonly earlier?: readonly string[];
  readonly json?: boolean;
}

/** Creates `aion audit verify`: exit code 0 when every chain is intact, 1 when one is not, 2 for bad usage. */
export function createAuditCommand(): Command {
  const command = new Command('verify')
    .description('verify the audit trail of an export: no event edited, deleted, reordered or truncated')
    .argument(
      '<path>',
      'bundle (with --identity), or its audit_events and audit_checkpoints as NDJSON; - for standard input',
    )
    .option('-i, --identity <file>', 'your age identity file, which decrypts the bundle')
    .option(
      '-s, --signer <file>',
      'current or former key that signs checkpoints, obtained separately from the export (repeatable)',
      collect,
    )
    .option(
      '-e, --earlier <file>',
      "earlier state of the trail: a previous export, or database-gateway's log or heads file (repeatable)",
      collect,
    )
    .option('--json', 'print the report as JSON')
    .action((path: string, options: AuditVerifyOptions) => runAuditVerify(command, path, options));
  return new Command('audit').description('verify audit trails').addCommand(command);
}

async function verify(
  path: string,
  { identity, signer, earlier = [], json }: AuditVerifyOptions,
): Promise<AuditVerification> {
  const files = {
    identity: identity === undefined ? undefined : await readNamedFile(identity),
    signers: signer === undefined ? undefined : await readSigners(signer),
  };
  const progress = createVerifyProgress(process.stderr, json !== true);
  try {
    return await verifyTrail({ path, earlier, ...files, onProgress: progress.update });
  } finally {
    progress.stop();
  }
}

async function readSigners(files: readonly string[]): Promise<readonly KeyObject[]> {
  return Promise.all(files.map(async (file) => toPublicKeyObject(await readSigner(file))));
}

async function runAuditVerify(command: Command, path: string, options: AuditVerifyOptions): Promise<void> {
  let verification: AuditVerification;
  try {
    verification = await verify(path, options);
  } catch (error) {
    return exitWithError(command, error);
  }
  const hasSigner = options.signer !== undefined;
  process.stdout.write(
    options.json === true ? toJson(verification, hasSigner) : formatAuditReport(verification, hasSigner),
  );
  if (!isIntact(verification)) process.exitCode = EXIT_FAILED;
}

function toJson(verification: AuditVerification, hasSigner: boolean): string {
  const { chains, bundle } = verification;
  const listed = chains.map(({ tenantId, checkpoints, report }) => ({
    tenant_id: tenantId,
    checkpoints,
    ...report,
    unprovenEvents: hasSigner ? countUnproven(report) : null,
    head: report.head === undefined ? null : { seq: report.head.seq, hash: report.head.hash.toString('hex') },
  }));
  return `${JSON.stringify({ ok: isIntact(verification), chains: listed, bundle: bundle?.ok ?? null }, undefined, 2)}\n`;
}

/** Collects the values of a repeatable option. */
function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}
