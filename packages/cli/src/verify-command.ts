import { verifyBundle, type VerificationReport } from '@aion/bundle';
import { Command } from 'commander';
import { EXIT_FAILED } from './exit-codes.ts';
import { formatReport } from './format-report.ts';
import { readNamedFile } from './read-named-file.ts';
import { readSigner } from './read-signer.ts';
import { openBundle } from './open-bundle.ts';
import { exitWithError } from './exit-with-error.ts';
import { createVerifyProgress } from './verify-progress.ts';

interface VerifyOptions {
  readonly identity?: string;
  readonly signer?: string;
  readonly json?: boolean;
}

/** Creates `aion verify`: exit code 0 when every check passes, 1 when one fails, 2 for bad usage. */
export function createVerifyCommand(): Command {
  const command = new Command('verify')
    .description('verify an export bundle: hashes, signature, and with your identity every row')
    .argument('<directory-or-tar>', 'folder of the bundle, or its .tar file')
    .option('-i, --identity <file>', 'your age identity file, to decrypt the content and check that it is complete')
    .option('-s, --signer <file>', 'trusted signing key, obtained separately from the bundle')
    .option('--json', 'print the report as JSON')
    .action((path: string, options: VerifyOptions) => runVerify(command, path, options));
  return command;
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
    return exitWithError(command, error);
  }
  process.stdout.write(options.json === true ? `${JSON.stringify(report, undefined, 2)}\n` : formatReport(report));
  if (!report.ok) process.exitCode = EXIT_FAILED;
}
