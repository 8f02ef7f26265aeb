import { openBundle, type OpenBundle } from './open-bundle.ts';
import { addCheck, type DemoContext } from './demo-context.ts';
import { shorten } from './terminal.ts';
import type { DownloadedBundle } from './run-export-step.ts';

const GENERATIONS = /(^|\.)generations$/;
const MAX_ROW_CHARS = 240;

/** Opens the bundle and compares its contents with the requests of the two tenants. */
export async function runBundleStep(context: DemoContext, bundle: DownloadedBundle, canary: string): Promise<void> {
  const { terminal, evidence, tenants } = context;
  const open = await openBundle(bundle.path, bundle.identity);
  const { tables } = open.manifest;
  const generations = tables.find(({ name }) => GENERATIONS.test(name));
  const rows = Object.fromEntries(tables.map((table) => [table.name, table.rows]));
  const totalRows = tables.reduce((total, table) => total + table.rows, 0);
  const { job, path, bytes, identityPath, verification } = bundle;
  evidence.export = {
    id: job.id,
    state: job.state,
    rows,
    totalRows,
    bundlePath: path,
    bundleBytes: bytes,
    identityPath,
    partPath: generations?.parts[0]?.f ?? null,
    verification,
  };
  terminal.heading('Bundle contents');
  for (const table of tables) terminal.step(table.name, `${table.rows} rows, ${table.columns.length} columns`);
  if (generations !== undefined) {
    for await (const row of open.rows(generations.name)) {
      terminal.dim(`sample row of ${generations.name}: ${shorten(row, MAX_ROW_CHARS)}`);
      break;
    }
  }
  const inBundle = job.bundle?.rows ?? -1;
  const areEqual = totalRows === inBundle && totalRows === verification.totals.rows;
  addCheck(
    context,
    'row counts',
    areEqual,
    `${totalRows} in the manifest, ${inBundle} in the API, ${verification.totals.rows} read`,
  );
  const [{ completions }] = tenants;
  const counted = generations?.rows ?? 0;
  addCheck(
    context,
    'every completion is in the bundle',
    counted >= completions && completions > 0,
    `${counted} generations, ${completions} answered requests of this tenant in all runs`,
  );
  await checkIsolation(context, open, canary);
}

async function checkIsolation(context: DemoContext, open: OpenBundle, canary: string): Promise<void> {
  const [first, second] = context.tenants;
  let own = 0;
  let foreign = 0;
  for (const { name } of open.manifest.tables) {
    for await (const row of open.rows(name)) {
      if (row.includes(first.id)) own += 1;
      if (row.includes(second.id) || row.includes(canary)) foreign += 1;
    }
  }
  const message = `${own} rows contain the id of this tenant, ${foreign} the id or the prompt of the second tenant`;
  addCheck(context, 'isolation', foreign === 0 && own > 0, message);
}
