import { open, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { errorCode } from '@aion/errors';
import type { Logger } from '@aion/logging';
import type { ProviderModel } from '../../provider.ts';
import { EXTRACTIVE_MODEL } from '../extractive/extractive-model.ts';

/** Model file in the model list. */
export interface GgufModelFile extends ProviderModel {
  readonly path: string;
}

/**
 * First bytes of every GGUF file, its latest version and the size of its fixed part (GGUF specification, "File
 * Structure"). Checked here because node-llama-cpp reads a file with a wrong header for minutes and fills the memory.
 */
const MAGIC = 'GGUF';
const MAX_VERSION = 3;
const HEADER_BYTES = 24;
const QUANTISATION = /[.-](?:i?q\d+(?:_[a-z\d]+)*|tq\d+_\d+|mxfp4|b?f16|f32|fp16|fp32)$/u;
const SPLIT_PART = /-(\d{5})-of-\d{5}$/u;
/** Image projectors belong to a model and are not models themselves. */
const PROJECTOR = /^mmproj[.-]/u;

/**
 * Names the models of `*.gguf` files: `embedded/` and the base name in lower case, without the quantisation at its end
 * (`SmolLM2-135M-Instruct.Q4_1.gguf` is `embedded/smollm2-135m-instruct`), characters other than letters, digits, `.`,
 * `_` and `-` replaced by `-`. All files that would share a name keep their quantisation, so that a name never silently
 * refers to different weights. The first part of a split model represents all parts.
 * @returns pairs of id and file name, sorted by file name
 */
export function nameGgufModels(fileNames: readonly string[]): { id: string; fileName: string }[] {
  const files = fileNames
    .filter((fileName) => /\.gguf$/iu.test(fileName) && !PROJECTOR.test(fileName.toLowerCase()))
    .toSorted()
    .flatMap((fileName) => {
      const base = fileName
        .slice(0, -'.gguf'.length)
        .toLowerCase()
        .replace(/[^a-z\d._-]+/gu, '-')
        .replace(/-$/u, '');
      const part = SPLIT_PART.exec(base)?.[1] ?? '00001';
      const full = base.replace(SPLIT_PART, '');
      return part === '00001' ? [{ fileName, full, short: full.replace(QUANTISATION, '') }] : [];
    });
  return files.map(({ fileName, full, short }) => {
    const isShared = files.filter((other) => other.short === short).length > 1;
    return { id: `embedded/${isShared ? full : short}`, fileName };
  });
}

/**
 * Finds the models of a folder, which need not exist. Omits files that are not GGUF or have the name of the built-in
 * model, with a warning; `warned` contains the paths that were already reported.
 */
export async function findGgufModels(
  modelsDir: string,
  logger: Logger,
  warned: Set<string>,
): Promise<readonly GgufModelFile[]> {
  const models: GgufModelFile[] = [];
  for (const { id, fileName } of nameGgufModels(await readFileNames(modelsDir))) {
    const filePath = path.join(modelsDir, fileName);
    const problem = id === EXTRACTIVE_MODEL.id ? 'its name is that of the built-in model' : await findProblem(filePath);
    if (problem === undefined) {
      const { mtimeMs } = await stat(filePath);
      models.push({ id, path: filePath, created: Math.floor(mtimeMs / 1000), ownedBy: 'local' });
    } else if (!warned.has(filePath)) {
      warned.add(filePath);
      logger.warn('Model file ignored', { path: filePath, reason: problem });
    }
  }
  return models;
}

async function readFileNames(modelsDir: string): Promise<string[]> {
  try {
    return await readdir(modelsDir);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

async function findProblem(filePath: string): Promise<string | undefined> {
  try {
    await using file = await open(filePath);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEADER_BYTES), 0, HEADER_BYTES, 0);
    if (buffer.toString('latin1', 0, MAGIC.length) !== MAGIC) return `it does not begin with "${MAGIC}"`;
    if (bytesRead < HEADER_BYTES) return 'it ends within its header';
    const version = buffer.readUInt32LE(MAGIC.length);
    return version <= MAX_VERSION
      ? undefined
      : `its GGUF version is ${version}, supported are versions up to ${MAX_VERSION}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
