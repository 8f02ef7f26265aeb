import { basename } from 'node:path';
import { access } from 'node:fs/promises';
import { routes } from '@aion/contracts';
import { Command } from 'commander';
import { formatRecord } from '../output/format-table.ts';
import { createProgress } from '../output/progress.ts';
import { addConnectionOptions, type ConnectionOptions } from '../routes/connection-options.ts';
import { connect } from '../routes/connect.ts';
import { runAction } from '../routes/run-action.ts';
import { checkInput, fillPathFromArgs } from '../routes/check-input.ts';
import { UsageError } from '../usage-error.ts';
import { downloadContent } from './download-content.ts';
import { uploadFile } from './upload-file.ts';

interface UploadFlags extends ConnectionOptions {
  readonly name?: string;
  readonly projectId?: string;
  readonly contentType: string;
  readonly idempotencyKey?: string;
}

/** Creates `aion files upload`. */
export function createUploadFileCommand(): Command {
  const command = new Command('upload')
    .summary('upload a file')
    .description('Uploads a file with its SHA-256, so that the platform stores exactly these bytes.')
    .argument('<path>')
    .option('--name <text>', 'name of the file (default: that of the path)')
    .option('--project-id <id>', 'project of the file')
    .option('--content-type <type>', 'media type', 'application/octet-stream')
    .option('--idempotency-key <key>', 'key of an earlier upload, to repeat it without storing the file twice')
    .addHelpText('after', '\nExample:\n  $ aion files upload notes.txt --content-type text/plain');
  return addConnectionOptions(command, routes.files.upload.auth.kind).action((path: string, flags: UploadFlags) =>
    runAction(command, async () => {
      const { name = basename(path), projectId, contentType, idempotencyKey } = flags;
      const query = { name, ...(projectId === undefined ? {} : { project_id: projectId }) };
      checkInput(routes.files.upload.query, query, []);
      const client = await connect(flags, routes.files.upload);
      const progress = createProgress(process.stderr);
      const file = await uploadFile({ client, path, query, contentType, idempotencyKey, progress });
      process.stdout.write(flags.json === true ? `${JSON.stringify(file, undefined, 2)}\n` : formatRecord(file));
    }),
  );
}

interface DownloadFlags extends ConnectionOptions {
  readonly output: string;
}

/** Creates `aion files download`. */
export function createDownloadFileCommand(): Command {
  const command = new Command('download')
    .summary('download a file')
    .description('Downloads a file and compares it with the SHA-256 of the upload.')
    .argument('<file-id>')
    .requiredOption('-o, --output <file>', 'file to create; never overwritten')
    .addHelpText('after', '\nExample:\n  $ aion files download 01890a5d-ac96-774b-bcce-b302099a8057 -o notes.txt');
  return addConnectionOptions(command, routes.files.downloadContent.auth.kind).action(
    (fileId: string, flags: DownloadFlags) =>
      runAction(command, async () => {
        fillPathFromArgs(routes.files.downloadContent, [fileId]);
        const { output: path } = flags;
        const exists = await access(path).then(
          () => true,
          () => false,
        );
        if (exists) throw new UsageError(`${path} exists already: choose another name with --output`);
        const client = await connect(flags, routes.files.downloadContent);
        const file = await downloadContent({ client, fileId, path, progress: createProgress(process.stderr) });
        const done = { path, bytes: file.bytes, sha256: file.sha256 };
        process.stdout.write(flags.json === true ? `${JSON.stringify(done, undefined, 2)}\n` : formatRecord(done));
      }),
  );
}
