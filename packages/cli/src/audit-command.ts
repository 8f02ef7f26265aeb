import { toPublicKeyObject } from '@aion/bundle';
import { Command } from 'commander';
import { formatAuditReport, isIntact } from './audit/format-audit-report.ts';
import { verifyTrail, type AuditVerification } from './audit/verify-trail.ts';
import { EXIT_FAILED } from './exit-codes.ts';
import { readNamedFile, readSigner } from './key-files.ts';
import { refuse } from './refuse.ts';

interface AuditVerifyOptions {
  readonly identity?: string;
  readonly signer?: string;
  readonly json?: boolean;
}

async function runAuditVerify(command: Command, path: string, options: AuditVerifyOptions): Promise<void> {
  const { identity, signer, json = false } = options;
  let verification: AuditVerification;
  try {
    verification = await verifyTrail({
      path,
      identity: identity === undefined ? undefined : await readNamedFile(identity),
      signer: signer === undefined ? undefined : toPublicKeyObject(await readSigner(signer)),
    });
  } catch (error) {
    return refuse(command, error);
  }
  process.stdout.write(json ? toJson(verification) : formatAuditReport(verification, signer !== undefined));
  if (!isIntact(verification)) process.exitCode = EXIT_FAILED;
}

function toJson(verification: AuditVerification): string {
  const { chains, bundle } = verification;
  const listed = chains.map(({ tenantId, checkpoints, report: { head, ...report } }) => ({
    tenant_id: tenantId,
    checkpoints,
    ...report,
    head: head === undefined ? null : { seq: head.seq, hash: head.hash.toString('hex') },
  }));
  return `${JSON.stringify({ ok: isIntact(verification), chains: listed, bundle: bundle?.ok ?? null }, undefined, 2)}\n`;
}

/** Creates `aion audit verify`: exit code 0 when every chain is intact, 1 when one is not, 2 for bad usage. */
export function createAuditCommand(): Command {
  const verify = new Command('verify')
    .description('check the audit trail of an export: no event edited, deleted, reordered or cut off')
    .argument('<path>', 'a bundle (with --identity), or its audit_events and audit_checkpoints as NDJSON; - for stdin')
    .option('-i, --identity <file>', 'your age identity file, which opens the bundle')
    .option('-s, --signer <file>', 'the key that signs checkpoints, got elsewhere than with the export')
    .option('--json', 'print the report as JSON')
    .action((path: string, options: AuditVerifyOptions) => runAuditVerify(verify, path, options));
  return new Command('audit').description('check audit trails').addCommand(verify);
}
