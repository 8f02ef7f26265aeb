import { readFile, stat } from 'node:fs/promises';
import {
  createDirectorySource,
  createTarSource,
  InvalidIdentityError,
  InvalidSigningKeyError,
  verifyBundle,
  type BundleSource,
  type VerificationReport,
} from '@aion/bundle';
import { Command } from 'commander';
import { EXIT_FAILED, EXIT_USAGE } from './exit-codes.ts';
import { formatReport } from './format-report.ts';
import { createVerifyProgress } from './verify-progress.ts';

interface VerifyOptions {
  readonly identity?: string;
  readonly signer?: string;
  readonly json?: boolean;
}

/** Something that the caller named cannot be used. */
class UsageError extends Error {
  override readonly name = 'UsageError';
}

async function openSource(path: string): Promise<BundleSource> {
  const found = await stat(path).catch((error: unknown) => {
    throw new UsageError(`${path} cannot be read: give the folder of a bundle or its .tar file`, { cause: error });
  });
  return found.isDirectory() ? createDirectorySource(path) : createTarSource(path);
}

async function readKeyFile(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: unknown) => {
    throw new UsageError(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  });
}

/** Takes the key out of a `.pub` file or an `allowed_signers` file. */
async function readSigner(file: string): Promise<string> {
  const keys = (await readKeyFile(file)).match(/ssh-ed25519 [A-Za-z0-9+/=]+/g) ?? [];
  const [key] = keys;
  if (key !== undefined && keys.length === 1) return key;
  throw new UsageError(`${file} holds ${keys.length} keys: give a file with one line "ssh-ed25519 AAAA..."`);
}

async function verify(path: string, { identity, signer, json }: VerifyOptions): Promise<VerificationReport> {
  const source = await openSource(path);
  const identityText = identity === undefined ? {} : { identity: await readKeyFile(identity) };
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
    const isUsage =
      error instanceof UsageError || error instanceof InvalidIdentityError || error instanceof InvalidSigningKeyError;
    // With a code it is the system's: a file that vanished, a disk that fails. Without one it is a defect.
    if (!isUsage && !(error instanceof Error && 'code' in error)) throw error;
    return command.error(`error: ${error.message}`, { exitCode: isUsage ? EXIT_USAGE : EXIT_FAILED });
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
