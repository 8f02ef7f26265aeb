import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AUDIT_TABLES, TrailVerifier } from '@aion/audit-chain';
import {
  createTarSource,
  formatAllowedSigner,
  generateAgeIdentity,
  toPublicKeyObject,
  verifyBundle,
  type VerificationReport,
} from '@aion/bundle';
import { ApiError } from '@aion/client';
import { callRoute, downloadTracedArchive, watchExportToEnd } from '@aion/client/traced';
import { isFinalExport, routes, type TenantExport } from '@aion/contracts';
import { errorCode } from '@aion/errors';
import { withSpan } from '@aion/tracing';
import { LauncherError } from '../platform/launcher-error.ts';
import { writePrivateFile } from '../platform/private-file.ts';
import { addCheck, timed, type Story } from './story.ts';
import { formatBytes } from './terminal.ts';

/** A bundle on this machine, and what opens it. */
export interface DownloadedBundle {
  readonly job: TenantExport;
  readonly path: string;
  readonly bytes: number;
  readonly identity: string;
  readonly identityPath: string;
  readonly verification: VerificationReport;
}

/** Requests an export of the first tenant, follows it, downloads the bundle and verifies it. */
export async function tellExport(story: Story): Promise<DownloadedBundle> {
  const { terminal, evidence, stateDir, platform } = story;
  const directory = join(stateDir, 'demo');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const identityPath = join(directory, 'identity.txt');
  const { identity, recipient } = await loadIdentity(identityPath);
  await writeFile(join(directory, 'allowed_signers'), `${formatAllowedSigner(platform.signerPublicKey)}\n`);
  await writeFile(join(directory, 'audit-signer.pub'), `${platform.auditPublicKey}\n`);

  terminal.heading('Export');
  terminal.step('recipient', recipient);
  const job = await timed(evidence, 'export', () => runExport(story, recipient));
  const path = join(directory, `${job.id}.tar`);
  const bytes = await timed(evidence, 'download', () => download(story, job.id, path));
  const verification = await timed(evidence, 'verify', () => verify(story, path, identity));
  return { job, path, bytes, identity, identityPath, verification };
}

/** The demo's age identity: made once, so that the bundles of earlier runs can still be opened. */
async function loadIdentity(path: string): Promise<{ readonly identity: string; readonly recipient: string }> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  });
  const recipient = /^# public key: (age1\w+)$/m.exec(text ?? '')?.[1];
  const identity = /^AGE-SECRET-KEY-1\w+$/m.exec(text ?? '')?.[0];
  if (recipient !== undefined && identity !== undefined) return { identity, recipient };
  const made = generateAgeIdentity();
  // As age-keygen writes it.
  await writePrivateFile(path, `# public key: ${made.recipient}\n${made.identity}\n`);
  return made;
}

async function runExport(story: Story, recipient: string): Promise<TenantExport> {
  const { terminal, platform, tenants, signal } = story;
  const startedAt = performance.now();
  const call = { baseUrl: platform.baseUrl, key: tenants[0].key, signal };
  const requested = await requestExport(story, recipient);
  const progress = terminal.progress('progress');
  let outcome: string | undefined;
  try {
    const job = await watchExportToEnd({
      ...call,
      exportId: requested.id,
      onProgress: ({ progress: { rows, rows_total: total } }) => progress.update(rows, total),
    });
    if (job.state === 'failed') throw new LauncherError(`The export failed: ${job.failure?.message ?? 'no reason'}`);
    outcome = `${job.progress.rows} rows of ${job.progress.tables_done} tables`;
    return job;
  } finally {
    progress.end(outcome);
    if (outcome !== undefined) terminal.step('export', `${requested.id} is ready`, performance.now() - startedAt);
  }
}

/** One export of a tenant runs at a time: one that an interrupted run has left is waited for. */
async function requestExport(story: Story, recipient: string): Promise<TenantExport> {
  const { platform, tenants, signal } = story;
  const call = { baseUrl: platform.baseUrl, key: tenants[0].key, signal };
  for (;;) {
    try {
      return await callRoute(routes.exports.create, { ...call, body: { recipient } });
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 409) throw error;
      const { data } = await callRoute(routes.exports.list, call);
      const running = data.find((each) => !isFinalExport(each));
      if (running === undefined) continue;
      story.terminal.step('waiting', `an earlier run's export ${running.id} is still at work`);
      await watchExportToEnd({ ...call, exportId: running.id, onProgress: () => undefined });
    }
  }
}

async function download(story: Story, exportId: string, path: string): Promise<number> {
  const { terminal, platform, tenants, signal } = story;
  const startedAt = performance.now();
  const progress = terminal.progress('download');
  let bytes: number | undefined;
  try {
    const onProgress = (done: number, total: number): void => progress.update(done, total);
    const { baseUrl } = platform;
    bytes = await downloadTracedArchive({ baseUrl, key: tenants[0].key, exportId, path, onProgress, signal });
    return bytes;
  } finally {
    progress.end();
    if (bytes !== undefined) terminal.step('bundle', `${path} (${formatBytes(bytes)})`, performance.now() - startedAt);
  }
}

async function verify(story: Story, path: string, identity: string): Promise<VerificationReport> {
  const trail = new TrailVerifier([toPublicKeyObject(story.platform.auditPublicKey)]);
  const report = await withSpan('verify bundle', {}, () =>
    verifyBundle({
      source: createTarSource(path),
      identity,
      trustedPublicKey: story.platform.signerPublicKey,
      onRow: (table, row) => {
        if (AUDIT_TABLES.includes(table)) trail.addLine(row);
      },
    }),
  );
  for (const { ok, name, message } of report.checks) story.terminal.check(ok, `${name}: ${message}`);
  const { files, tables, rows } = report.totals;
  const failed = report.checks.filter(({ ok }) => !ok).map(({ name }) => name);
  const isWhole = report.ok && report.contentChecked && report.signerTrusted;
  const found = `${files} files, ${tables} tables, ${rows} rows, signed by this platform`;
  addCheck(story, 'bundle verified', isWhole, isWhole ? found : `failed: ${failed.join(', ')}`);
  checkTrail(story, trail);
  return report;
}

/** Whether the audit trail in the bundle holds, and a checkpoint proves it up to the request of this export. */
function checkTrail(story: Story, trail: TrailVerifier): void {
  const [chain] = trail.finish();
  const { ok = false, events = 0, provenSeq = 0, problems = [] } = chain?.report ?? {};
  const whole = `${events} events in one chain, a signed checkpoint proves ${provenSeq}`;
  addCheck(story, 'audit trail', ok && provenSeq > 0, ok ? whole : `broken: ${problems[0]?.detail ?? 'no events'}`);
}
