import { access } from 'node:fs/promises';
import { type Route, routes } from '@aion/contracts';
import { Command } from 'commander';
import { formatRecord } from '../output/format-table.ts';
import { createProgress } from '../output/progress.ts';
import { addConnectionOptions, type ConnectionOptions } from '../routes/connection-options.ts';
import { connect, note } from '../routes/connect.ts';
import { runAction } from '../routes/run-action.ts';
import { fillPathFromArgs } from '../routes/check-input.ts';
import { UsageError } from '../usage-error.ts';
import { downloadExport } from './download-export.ts';
import { followToEnd } from '../follow-to-end.ts';

interface DownloadOptions extends ConnectionOptions {
  readonly output?: string;
}

const EXAMPLE_ID = '01890a5d-ac96-774b-bcce-b302099a8057';

/** Creates `aion exports watch`: follows an export until it has finished; exit code 1 when it fails. */
export function createWatchExportCommand(): Command {
  const command = exportCommand('watch', routes.exports.watch)
    .summary('follow an export until it has finished')
    .description('Follows an export until it has finished and shows its progress. Exit code 1 when the export fails.')
    .addHelpText('after', `\nExample:\n  $ aion exports watch ${EXAMPLE_ID}`);
  return command.action((exportId: string, options: ConnectionOptions) =>
    runAction(command, async () => {
      fillPathFromArgs(routes.exports.watch, [exportId]);
      const state = await followToEnd(await connect(options, routes.exports.watch), { id: exportId });
      process.stdout.write(options.json === true ? `${JSON.stringify(state, undefined, 2)}\n` : formatRecord(state));
    }),
  );
}

/** Creates `aion exports download`: downloads a bundle, continuing an earlier download, and verifies every file. */
export function createDownloadExportCommand(): Command {
  const command = exportCommand('download', routes.exports.createDownloadLinks)
    .summary('download the bundle of an export')
    .description(
      'Downloads the bundle of an export as a tar archive, continuing an earlier download, and compares each file with ' +
        'the SHA-256 that the API lists. `aion verify` decrypts and verifies it.',
    )
    .option('-o, --output <file>', 'file to create (default aion-export-ID.tar); never overwritten')
    .addHelpText('after', `\nExample:\n  $ aion exports download ${EXAMPLE_ID} --output bundle.tar`);
  return command.action((exportId: string, options: DownloadOptions) =>
    runAction(command, async () => {
      fillPathFromArgs(routes.exports.createDownloadLinks, [exportId]);
      const path = options.output ?? `aion-export-${exportId}.tar`;
      await assertNotExisting(path);
      const client = await connect(options, routes.exports.createDownloadLinks);
      const links = await downloadExport({ client, exportId, path, progress: createProgress(process.stderr) });
      note(`${links.files.length} files verified. To decrypt them: aion verify ${path} --identity FILE`);
      const done = { path, bytes: links.archive.bytes, files: links.files.length };
      process.stdout.write(options.json === true ? `${JSON.stringify(done, undefined, 2)}\n` : `${path}\n`);
    }),
  );
}

function exportCommand(name: string, route: Route): Command {
  return addConnectionOptions(new Command(name).argument('<export-id>'), route.auth.kind);
}

async function assertNotExisting(path: string): Promise<void> {
  const exists = await access(path).then(
    () => true,
    () => false,
  );
  if (exists) throw new UsageError(`${path} exists already: choose another name with --output`);
}
