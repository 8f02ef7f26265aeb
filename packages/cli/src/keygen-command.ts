import { open } from 'node:fs/promises';
import { generateAgeIdentity } from '@aion/bundle';
import { Command } from 'commander';
import { EXIT_FAILED } from './exit-codes.ts';

/** Creates `aion keygen`, which generates an age identity for the recipient of exports. */
export function createKeygenCommand(): Command {
  const keygen = new Command('keygen')
    .description('generate an age identity: the key that decrypts your exports')
    .option('-o, --output <file>', 'file for the identity (mode 600, never overwritten); prints only the recipient')
    .action(({ output }: { output?: string }) => runKeygen(keygen, output));
  return keygen;
}

/** Creates a file with mode 600. Fails when it exists, since it may contain the only key to a bundle. */
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
  // The format of age-keygen, which `age -i` reads.
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
    const reason = isTaken ? 'the file exists, and a key is never overwritten; choose another name' : error.message;
    command.error(`error: ${output} cannot be written: ${reason}`, { exitCode: EXIT_FAILED });
  }
  process.stdout.write(`${recipient}\n`);
  process.stderr.write(
    `${output} contains the secret identity: without it nobody can decrypt your exports. Store a copy.\n`,
  );
}
