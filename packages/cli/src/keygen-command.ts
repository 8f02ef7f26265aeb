import { open } from 'node:fs/promises';
import { generateAgeIdentity } from '@aion/bundle';
import { Command } from 'commander';
import { EXIT_FAILED } from './exit-codes.ts';

/** Creates the file with mode 600; fails when there is one already, since it may be the only key to a bundle. */
async function writeSecret(file: string, text: string): Promise<void> {
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function runKeygen(command: Command, output: string | undefined): Promise<void> {
  const { identity, recipient } = generateAgeIdentity();
  // The form of age-keygen, which age -i reads.
  const text = `# created: ${new Date().toISOString()}\n# public key: ${recipient}\n${identity}\n`;
  if (output === undefined) {
    process.stdout.write(text);
    process.stderr.write(`recipient: ${recipient}\n`);
    return;
  }
  try {
    await writeSecret(output, text);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    const isTaken = error.code === 'EEXIST';
    const reason = isTaken ? 'there is such a file, and a key is never overwritten; give another name' : error.message;
    command.error(`error: ${output} cannot be written: ${reason}`, { exitCode: EXIT_FAILED });
  }
  process.stdout.write(`${recipient}\n`);
  process.stderr.write(`${output} holds the secret identity: without it nobody can open your exports. Keep a copy.\n`);
}

/** Creates `aion keygen`, which makes an age identity for the recipient of exports. */
export function createKeygenCommand(): Command {
  const keygen = new Command('keygen')
    .description('make an age identity: the key that opens your exports')
    .option('-o, --output <file>', 'write the identity there (mode 600, never overwritten) and print the recipient')
    .action(({ output }: { output?: string }) => runKeygen(keygen, output));
  return keygen;
}
