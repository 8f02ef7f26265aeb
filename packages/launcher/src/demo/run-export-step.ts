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
import { addCheck, timePhase, type DemoContext } from './demo-context.ts';
import { formatBytes } from './terminal.ts';

/** A downloaded bundle with the identity that decrypts it. */
export interface DownloadedBundle {
  readonly job: TenantExport;
  readonly path: string;
  readonly bytes: number;
  readonly identity: string;
  readonly identityPath: string;
  readonly verification: VerificationReport;
}

/** Requests an export of the first tenant, follows its progress, downloads the bundle and verifies it. */
export async function runExportStep(context: DemoContext): Promise<DownloadedBundle> {
  const { terminal, evidence, stateDir, platform } = context;
  const directory = join(stateDir, 'demo');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const identityPath = join(directory, 'identity.txt');
  const { identity, recipient } = await loadIdentity(identityPath);
  await writeFile(join(directory, 'allowed_signers'), `${formatAllowedSigner(platform.signerPublicKey)}\n`);
  await writeFile(join(directory, 'audit-signer.pub'), `${platform.auditPublicKey}\n`);

  terminal.heading('Export');
  terminal.step('recipient', recipient);
  const job = await timePhase(evidence, 'export', () => runExport(context, recipient));
  const path = join(directory, `${job.id}.tar`);
  const bytes = await timePhase(evidence, 'download', () => download(context, job.id, path));
  const verification = await timePhase(evidence, 'verify', () => verify(context, path, identity));
  return { job, path, bytes, identity, identityPath, verification };
}

/** Loads the age identity of the demo, or generates it; it is stored, so that bundles of earlier runs remain readable. */
async function loadIdentity(path: string): Promise<{ readonly identity: string; readonly recipient: string }> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  });
  const recipient = /^# public key: (age1\w+)$/m.exec(text ?? '')?.[1];
  const identity = /^AGE-SECRET-KEY-1\w+$/m.exec(text ?? '')?.[0];
  if (recipient !== undefined && identity !== undefined) return { identity, recipient };
  const generated = generateAgeIdentity();
  // The format of age-keygen.
  await writePrivateFile(path, `# public key: ${generated.recipient}\n${generated.identity}\n`);
  return generated;
}

async function runExport(context: DemoContext, recipient: string): Promise<TenantExport> {
  const { terminal, platform, tenants, signal } = context;
  const startedAt = performance.now();
  const call = { baseUrl: platform.baseUrl, key: tenants[0].key, signal };
  const requested = await requestExport(context, recipient);
  const progress = terminal.progress('progress');
  let outcome: string | undefined;
  try {
    const job = await watchExportToEnd({
      ...call,
      exportId: requested.id,
      onProgress: ({ progress: { rows, rows_total: total } }) => progress.update(rows, total),
    });
    if (job.state === 'failed') throw new LauncherError(`The export failed: ${job.failure?.message ?? 'no reason'}`);
    outcome = `${job.progress.rows} rows from ${job.progress.tables_done} tables`;
    return job;
  } finally {
    progress.end(outcome);
    if (outcome !== undefined) terminal.step('export', `${requested.id} is ready`, performance.now() - startedAt);
  }
}

/** Requests an export. A tenant has one at a time, so this waits for an export left by an interrupted run. */
async function requestExport(context: DemoContext, recipient: string): Promise<TenantExport> {
  const { platform, tenants, signal } = context;
  const call = { baseUrl: platform.baseUrl, key: tenants[0].key, signal };
  for (;;) {
    try {
      return await callRoute(routes.exports.create, { ...call, body: { recipient } });
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 409) throw error;
      const { data } = await callRoute(routes.exports.list, call);
      const running = data.find((each) => !isFinalExport(each));
      if (running === undefined) continue;
      context.terminal.step('waiting', `export ${running.id} of an earlier run is still running`);
      await watchExportToEnd({ ...call, exportId: running.id, onProgress: () => undefined });
    }
  }
}

async function download(context: DemoContext, exportId: string, path: string): Promise<number> {
  const { terminal, platform, tenants, signal } = context;
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

async function verify(context: DemoContext, path: string, identity: string): Promise<VerificationReport> {
  const trail = new TrailVerifier([toPublicKeyObject(context.platform.auditPublicKey)]);
  const report = await withSpan('verify bundle', {}, () =>
    verifyBundle({
      source: createTarSource(path),
      identity,
      trustedPublicKey: context.platform.signerPublicKey,
      onRow: (table, row) => {
        if (AUDIT_TABLES.includes(table)) trail.addLine(row);
      },
    }),
  );
  for (const { ok, name, message } of report.checks) context.terminal.check(ok, `${name}: ${message}`);
  const { files, tables, rows } = report.totals;
  const failed = report.checks.filter(({ ok }) => !ok).map(({ name }) => name);
  const isVerified = report.ok && report.contentChecked && report.signerTrusted;
  const found = `${files} files, ${tables} tables, ${rows} rows, signature of this platform`;
  addCheck(context, 'bundle verified', isVerified, isVerified ? found : `failed: ${failed.join(', ')}`);
  checkTrail(context, trail);
  return report;
}

/** Checks that the audit trail in the bundle is intact and that a signed checkpoint covers it up to this export. */
function checkTrail(context: DemoContext, trail: TrailVerifier): void {
  const [chain] = trail.finish();
  const { ok = false, events = 0, provenSeq = 0, problems = [] } = chain?.report ?? {};
  const found = `${events} events in one hash chain, signed checkpoint at event ${provenSeq}`;
  addCheck(context, 'audit trail', ok && provenSeq > 0, ok ? found : `broken: ${problems[0]?.detail ?? 'no events'}`);
}
