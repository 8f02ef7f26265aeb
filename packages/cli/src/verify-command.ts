import { verifyBundle, type VerificationReport } from '@aion/bundle';
import { Command } from 'commander';
import { EXIT_FAILED } from './exit-codes.ts';
import { formatReport } from './format-report.ts';
import { readNamedFile, readSigner } from './key-files.ts';
import { openBundle } from './open-bundle.ts';
import { refuse } from './refuse.ts';
import { createVerifyProgress } from './verify-progress.ts';

interface VerifyOptions {
  readonly identity?: string;
  readonly signer?: string;
  readonly json?: boolean;
}

async function verify(path: string, { identity, signer, json }: VerifyOptions): Promise<VerificationReport> {
  const source = await openBundle(path);
  const identityText = identity === undefined ? {} : { identity: await readNamedFile(identity) };
  const trusted = signer === undefined ? {} : { trustedPublicKey: await readSigner(signer) };
  const progress = createVerifyProgress(process.stderr, json !== true);
  try {
    return await verifyBundle({ source, ...identityText, ...trusted, onProgress: progress.update });
  } finally {
    progress.stop();
  }
}

async function runVerify(command: Command, path: string, options: VerifyOptions): Promise<void> {
  let report: VerificationReport;
  try {
    report = await verify(path, options);
  } catch (error) {
    return refuse(command, error);
  }
  process.stdout.write(options.json === true ? `${JSON.stringify(report, undefined, 2)}\n` : formatReport(report));
  if (!report.ok) process.exitCode = EXIT_FAILED;
}

/** Creates `aion verify`: exit code 0 when every check passes, 1 when one fails, 2 for bad usage. */
export function createVerifyCommand(): Command {
  const command = new Command('verify')
    .description('check an export bundle: hashes, signature, and with your identity every row')
    .argument('<directory-or-tar>', 'the folder of the bundle, or its .tar file')
    .option('-i, --identity <file>', 'your age identity file: opens the content and checks that every row is there')
    .option('-s, --signer <file>', 'the signing key that you trust, got elsewhere than with the bundle')
    .option('--json', 'print the report as JSON')
    .action((path: string, options: VerifyOptions) => runVerify(command, path, options));
  return command;
}
