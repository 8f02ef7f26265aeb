import { routes } from '@aion/contracts';
import { Command } from 'commander';
import { readDemoFile } from './api/demo-file.ts';
import { EXIT_FAILED } from './exit-codes.ts';
import { formatTable } from './output/format-table.ts';
import { exitWithError } from './exit-with-error.ts';
import { addConnectionOptions, type ConnectionOptions } from './routes/connection-options.ts';
import { getCallerFolder, connect } from './routes/connect.ts';
import { readApiStatus, readServiceStatus } from './status/status-check.ts';

interface StatusOptions extends ConnectionOptions {
  readonly adminUrl?: readonly string[];
}

/** Creates `aion status`: exit code 0 when every check passes, 1 when one fails, 3 when the API does not answer. */
export function createStatusCommand(): Command {
  const command = new Command('status')
    .summary('show whether the platform is ready')
    .description(
      'Shows whether the API answers and, if their admin ports are known, the readiness checks of each service. ' +
        'Exit code 1 when a check fails.',
    )
    .option('--admin-url <url>', "address of a service's admin port (repeatable)", collect)
    .addHelpText('after', '\nExample:\n  $ aion status --admin-url http://127.0.0.1:9464');
  return addConnectionOptions(command, routes.meta.getOpenApi.auth.kind).action((options: StatusOptions) =>
    runStatus(command, options),
  );
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
    exitWithError(command, error);
  }
}

/** Returns the admin ports that the options name, or those of the demo in use. */
async function findAdminUrls({ adminUrl, url }: StatusOptions): Promise<Readonly<Record<string, string>>> {
  if (adminUrl !== undefined) return Object.fromEntries(adminUrl.map((each) => [each, each]));
  if (url !== undefined || (process.env['AION_URL'] ?? '') !== '') return {};
  return (await readDemoFile(getCallerFolder()))?.adminUrls ?? {};
}

function collect(url: string, all: readonly string[] | undefined): readonly string[] {
  return [...(all ?? []), url];
}
