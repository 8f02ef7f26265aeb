import { openBundle, type OpenBundle } from './open-bundle.ts';
import { addCheck, type Story } from './story.ts';
import { shorten } from './terminal.ts';
import type { DownloadedBundle } from './tell-export.ts';

const GENERATIONS = /(^|\.)generations$/;
const MAX_ROW_CHARS = 240;

/** Opens the bundle, and compares what is in it with what the two tenants have done. */
export async function tellBundle(story: Story, bundle: DownloadedBundle, canary: string): Promise<void> {
  const { terminal, evidence, tenants } = story;
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
  terminal.heading('What is in the bundle');
  for (const table of tables) terminal.step(table.name, `${table.rows} rows, ${table.columns.length} columns`);
  if (generations !== undefined) {
    for await (const row of open.rows(generations.name)) {
      terminal.dim(`one of ${generations.name}: ${shorten(row, MAX_ROW_CHARS)}`);
      break;
    }
  }
  const inBundle = job.bundle?.rows ?? -1;
  const areEqual = totalRows === inBundle && totalRows === verification.totals.rows;
  addCheck(story, 'row counts', areEqual, `manifest ${totalRows}, API ${inBundle}, read ${verification.totals.rows}`);
  const [{ completions }] = tenants;
  const counted = generations?.rows ?? 0;
  addCheck(
    story,
    'every completion is in it',
    counted >= completions && completions > 0,
    `${counted} generations for ${completions} answered requests of this tenant in all runs`,
  );
  await checkIsolation(story, open, canary);
}

async function checkIsolation(story: Story, open: OpenBundle, canary: string): Promise<void> {
  const [first, second] = story.tenants;
  let own = 0;
  let foreign = 0;
  for (const { name } of open.manifest.tables) {
    for await (const row of open.rows(name)) {
      if (row.includes(first.id)) own += 1;
      if (row.includes(second.id) || row.includes(canary)) foreign += 1;
    }
  }
  const message = `${own} rows name this tenant, ${foreign} the second one or its prompt`;
  addCheck(story, 'isolation', foreign === 0 && own > 0, message);
}
