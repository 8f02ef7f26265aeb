import { open, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { errorCode } from '@aion/errors';
import type { Logger } from '@aion/logging';
import type { ProviderModel } from '../../provider.ts';
import { EXTRACTIVE_MODEL } from '../extractive/extractive-model.ts';

/** A model file that can be offered. */
export interface GgufModelFile extends ProviderModel {
  readonly path: string;
}

/**
 * First bytes of every GGUF file, its version and the size of its fixed part (GGUF specification, "File Structure").
 * They are checked here because node-llama-cpp, given a wrong header, reads for minutes and fills the memory.
 */
const MAGIC = 'GGUF';
const MAX_VERSION = 3;
const HEADER_BYTES = 24;
const QUANTISATION = /[.-](?:i?q\d+(?:_[a-z\d]+)*|tq\d+_\d+|mxfp4|b?f16|f32|fp16|fp32)$/u;
const SPLIT_PART = /-(\d{5})-of-\d{5}$/u;
/** Image projectors belong to a model and are none. */
const PROJECTOR = /^mmproj[.-]/u;

/**
 * Names the models of a folder's `*.gguf` files: `embedded/` and the file's base name in lower case, without the
 * quantisation at its end (`SmolLM2-135M-Instruct.Q4_1.gguf` is `embedded/smollm2-135m-instruct`), anything but
 * letters, digits, `.`, `_` and `-` turned into `-`. Files that would share a name keep their quantisation, all of
 * them, so that a name never changes its weights silently. Of a split model the first part stands for all.
 * @returns pairs of id and file name, sorted by file name.
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
 * Finds the models of a folder, which need not exist. A file that is no GGUF, or whose name is taken by the built-in
 * model, is left out with a warning that says why; `warned` keeps the paths so that each is said once.
 */
export async function findGgufModels(
  modelsDir: string,
  logger: Logger,
  warned: Set<string>,
): Promise<readonly GgufModelFile[]> {
  const models: GgufModelFile[] = [];
  for (const { id, fileName } of nameGgufModels(await readFileNames(modelsDir))) {
    const filePath = path.join(modelsDir, fileName);
    const problem =
      id === EXTRACTIVE_MODEL.id ? 'its name is taken by the built-in model' : await findProblem(filePath);
    if (problem === undefined) {
      const { mtimeMs } = await stat(filePath);
      models.push({ id, path: filePath, created: Math.floor(mtimeMs / 1000), ownedBy: 'local' });
    } else if (!warned.has(filePath)) {
      warned.add(filePath);
      logger.warn('A model file is not offered', { path: filePath, reason: problem });
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
    return version <= MAX_VERSION ? undefined : `its GGUF version is ${version}, known are up to ${MAX_VERSION}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
