import { sealingKeyRotation, type DecryptionFailure, routes } from '@aion/contracts';
import { Command } from 'commander';
import type { ApiClient } from '../api/api-client.ts';
import { EXIT_FAILED } from '../exit-codes.ts';
import { formatRecord, formatTable } from '../output/format-table.ts';
import { createProgress, type Progress } from '../output/progress.ts';
import { addConnectionOptions, type ConnectionOptions } from '../routes/connection-options.ts';
import { connect } from '../routes/connect.ts';
import { guard } from '../routes/guard.ts';

/** What a rotation has come to. */
interface Rotation {
  readonly key_id: string;
  readonly resealed: number;
  readonly remaining: number;
  readonly failed: readonly DecryptionFailure[];
}

/** What is sealed under a former key while a pass runs is left for the next one. */
const MAX_PASSES = 3;

/** Seals everything anew. Broken off, it goes on where it was when it is begun again. */
async function rotate(client: ApiClient, progress: Progress): Promise<Rotation> {
  let resealed = 0;
  for (let pass = 1; ; pass += 1) {
    const result = await runPass(client, (done, remaining) => {
      if (resealed + done + remaining === 0) return;
      if (resealed + done === 0) progress.start('Sealing', remaining, 0);
      progress.update(resealed + done);
    });
    resealed += result.resealed;
    const isDone = result.remaining === 0 || result.failed.length > 0 || pass === MAX_PASSES;
    if (isDone) return { ...result, resealed };
  }
}

async function runPass(client: ApiClient, onProgress: (done: number, remaining: number) => void): Promise<Rotation> {
  const failed: DecryptionFailure[] = [];
  let resealed = 0;
  for (let cursor: string | undefined; ;) {
    const { method, path } = routes.sealingKeys.rotate;
    const answer = await client.ask({ method, path, query: cursor === undefined ? {} : { cursor } });
    const step = sealingKeyRotation.parse(answer.body);
    failed.push(...step.failed);
    onProgress(resealed, step.resealed + step.remaining);
    resealed += step.resealed;
    onProgress(resealed, step.remaining);
    if (step.next_cursor === null) return { key_id: step.key_id, resealed, remaining: step.remaining, failed };
    cursor = step.next_cursor;
  }
}

/** Creates `aion keys rotate`: exit code 1 when something stays sealed under another key. */
export function createRotateKeysCommand(): Command {
  const command = new Command('rotate')
    .summary('seal anew under the current sealing key')
    .description(
      'Seals what is sealed under former keys (AION_FORMER_SEALING_KEYS of web-api) anew under the current one ' +
        '(AION_SEALING_KEY). It may be broken off and begun again. Exit code 1 when something could not be opened.',
    )
    .addHelpText('after', '\nExample:\n  $ aion keys rotate');
  return addConnectionOptions(command, routes.sealingKeys.rotate.auth.kind).action((options: ConnectionOptions) =>
    guard(command, async () => {
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
