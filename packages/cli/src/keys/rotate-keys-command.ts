import { sealingKeyRotation, type DecryptionFailure, routes } from '@aion/contracts';
import { Command } from 'commander';
import type { ApiClient } from '../api/api-client.ts';
import { EXIT_FAILED } from '../exit-codes.ts';
import { formatRecord, formatTable } from '../output/format-table.ts';
import { createProgress, type Progress } from '../output/progress.ts';
import { addConnectionOptions, type ConnectionOptions } from '../routes/connection-options.ts';
import { connect } from '../routes/connect.ts';
import { runAction } from '../routes/run-action.ts';

/** Result of a rotation. */
interface Rotation {
  readonly key_id: string;
  readonly resealed: number;
  readonly remaining: number;
  readonly failed: readonly DecryptionFailure[];
}

/** A further pass re-encrypts values that were encrypted with a former key during the one before. */
const MAX_PASSES = 3;

/** Creates `aion keys rotate`: exit code 1 when a value remains encrypted with another key. */
export function createRotateKeysCommand(): Command {
  const command = new Command('rotate')
    .summary('re-encrypt secrets with the current key')
    .description(
      'Re-encrypts secrets that are encrypted with former keys (AION_FORMER_SEALING_KEYS of web-api) with the current ' +
        'one (AION_SEALING_KEY). It can be interrupted and repeated. Exit code 1 when a secret cannot be decrypted.',
    )
    .addHelpText('after', '\nExample:\n  $ aion keys rotate');
  return addConnectionOptions(command, routes.sealingKeys.rotate.auth.kind).action((options: ConnectionOptions) =>
    runAction(command, async () => {
      const progress = createProgress(process.stderr, 'rows');
      const client = await connect(options, routes.sealingKeys.rotate);
      const { failed, ...counts } = await rotate(client, progress).finally(() => progress.stop());
      if (options.json === true) process.stdout.write(`${JSON.stringify({ ...counts, failed }, undefined, 2)}\n`);
      else {
        process.stdout.write(formatRecord(counts));
        if (failed.length > 0) {
          process.stdout.write(formatTable(['provider_id', 'tenant_id', 'key_id', 'reason'], failed));
        }
      }
      if (counts.remaining > 0) process.exitCode = EXIT_FAILED;
    }),
  );
}

/** Re-encrypts all values. After an interruption, the next call continues. */
async function rotate(client: ApiClient, progress: Progress): Promise<Rotation> {
  let resealed = 0;
  for (let pass = 1; ; pass += 1) {
    const result = await runPass(client, (done, remaining) => {
      if (resealed + done + remaining === 0) return;
      if (resealed + done === 0) progress.start('Encrypting', remaining, 0);
      progress.update(resealed + done);
    });
    resealed += result.resealed;
    const isDone = result.remaining === 0 || result.failed.length > 0 || pass === MAX_PASSES;
    if (isDone) return { ...result, resealed };
  }
}

async function runPass(client: ApiClient, onProgress: (done: number, remaining: number) => void): Promise<Rotation> {
  const { method, path } = routes.sealingKeys.rotate;
  const failed: DecryptionFailure[] = [];
  let resealed = 0;
  let query: { readonly cursor?: string } = {};
  for (;;) {
    const { body } = await client.request({ method, path, query });
    const step = sealingKeyRotation.parse(body);
    failed.push(...step.failed);
    onProgress(resealed, step.resealed + step.remaining);
    resealed += step.resealed;
    onProgress(resealed, step.remaining);
    if (step.next_cursor === null) return { key_id: step.key_id, resealed, remaining: step.remaining, failed };
    query = { cursor: step.next_cursor };
  }
}
