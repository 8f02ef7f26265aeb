import { routes } from '@aion/contracts';
import { Command } from 'commander';
import { readDemoFile } from './api/demo-file.ts';
import { EXIT_FAILED } from './exit-codes.ts';
import { formatTable } from './output/format-table.ts';
import { refuse } from './refuse.ts';
import { addConnectionOptions, type ConnectionOptions } from './routes/connection-options.ts';
import { callerFolder, connect } from './routes/connect.ts';
import { readApiStatus, readServiceStatus } from './status/read-status.ts';

interface StatusOptions extends ConnectionOptions {
  readonly adminUrl?: readonly string[];
}

async function runStatus(command: Command, options: StatusOptions): Promise<void> {
  try {
    const urls = Object.entries(await findAdminUrls(options));
    const api = await readApiStatus(await connect(options, routes.meta.getOpenApi));
    const services = await Promise.all(urls.map(([name, url]) => readServiceStatus(name, url)));
    const checks = [api, ...services.flat()];
    const ready = checks.every(({ ok }) => ok);
    const columns = ['service', 'check', 'ok', 'duration_ms', 'detail'];
    process.stdout.write(
      options.json === true ? `${JSON.stringify({ ready, checks }, undefined, 2)}\n` : formatTable(columns, checks),
    );
    if (!ready) process.exitCode = EXIT_FAILED;
  } catch (error) {
    refuse(command, error);
  }
}

/** Admin ports are known when they are given, or of a demo whose address is used. */
async function findAdminUrls({ adminUrl, url }: StatusOptions): Promise<Readonly<Record<string, string>>> {
  if (adminUrl !== undefined) return Object.fromEntries(adminUrl.map((each) => [each, each]));
  if (url !== undefined || (process.env['AION_URL'] ?? '') !== '') return {};
  return (await readDemoFile(callerFolder()))?.adminUrls ?? {};
}

function collect(url: string, all: readonly string[] | undefined): readonly string[] {
  return [...(all ?? []), url];
}

/** Creates `aion status`: exit code 0 when everything is ready, 1 when something is not, 3 when the API is not there. */
export function createStatusCommand(): Command {
  const command = new Command('status')
    .summary('show whether the platform is ready')
    .description(
      'Shows whether the API answers and, where their admin ports are known, whether each service has what it needs. ' +
        'Exit code 1 when something is not ready.',
    )
    .option('--admin-url <url>', "a service's admin port; may be given again", collect)
    .addHelpText('after', '\nExample:\n  $ aion status --admin-url http://127.0.0.1:9464');
  return addConnectionOptions(command, routes.meta.getOpenApi.auth.kind).action((options: StatusOptions) =>
    runStatus(command, options),
  );
}
