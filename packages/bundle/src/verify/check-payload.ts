import { InvalidBundleError } from '../invalid-bundle-error.ts';
import { BAGIT_TEXT, TAG_FILES } from '../writer/tag-files.ts';
import type { BundleReader } from './bundle-reader.ts';
import { assertNoProblems, type Passed } from './check-list.ts';

/** Checks the declaration, and reads the export id and the size of the payload from `bag-info.txt`. */
export async function checkDeclaration(reader: BundleReader): Promise<Passed<{ exportId: string; oxum: string }>> {
  if ((await reader.readText(TAG_FILES.declaration)) !== BAGIT_TEXT) {
    throw new InvalidBundleError('bagit.txt does not declare BagIt 1.0 in UTF-8');
  }
  const info = await reader.readText(TAG_FILES.info);
  const exportId = readInfo(info, 'External-Identifier');
  const oxum = readInfo(info, 'Payload-Oxum');
  if (exportId === undefined || oxum === undefined || !/^\d+\.\d+$/.test(oxum)) {
    throw new InvalidBundleError('bag-info.txt has no External-Identifier or no Payload-Oxum');
  }
  return { message: `BagIt 1.0, export ${exportId}`, value: { exportId, oxum } };
}

/** Checks the hash of every file under `data/`, and their number and total size against `bag-info.txt`. */
export async function checkPayload(
  reader: BundleReader,
  oxum: string | undefined,
): Promise<Passed<{ files: number; bytes: number }>> {
  const present = new Set([...reader.paths].filter((path) => path.startsWith('data/')));
  const { files, bytes, problems } = await compareFiles(reader, TAG_FILES.manifest, present);
  if (problems.length === 0 && oxum !== undefined && oxum !== `${bytes}.${files}`) {
    problems.push(`Payload-Oxum is ${oxum}, but the payload is ${bytes}.${files}`);
  }
  assertNoProblems(problems);
  return { message: `${files} encrypted files, ${bytes} bytes, match ${TAG_FILES.manifest}`, value: { files, bytes } };
}

/** Checks the hash of every clear file. */
export async function checkTags(reader: BundleReader): Promise<Passed<number>> {
  const unlisted: readonly string[] = [TAG_FILES.tagManifest, TAG_FILES.signature];
  const present = new Set([...reader.paths].filter((path) => !path.startsWith('data/') && !unlisted.includes(path)));
  const { files, problems } = await compareFiles(reader, TAG_FILES.tagManifest, present);
  assertNoProblems(problems);
  return { message: `${files} clear files match ${TAG_FILES.tagManifest}`, value: files };
}

/** Parses the lines of a file for `sha256sum -c` to a map from path to hash. */
function parseChecksums(text: string, name: string): Map<string, string> {
  const hashes = new Map<string, string>();
  for (const line of text.split('\n').filter((candidate) => candidate !== '')) {
    const [, hash, path] = /^([0-9a-f]{64}) [ *](\S+)$/.exec(line) ?? [];
    if (hash === undefined || path === undefined || hashes.has(path)) {
      throw new InvalidBundleError(`${name} has a malformed or duplicate line: ${JSON.stringify(line.slice(0, 200))}`);
    }
    hashes.set(path, hash);
  }
  return hashes;
}

/** Compares the listed files with the present ones, by name and by content. */
async function compareFiles(reader: BundleReader, list: string, present: ReadonlySet<string>) {
  const hashes = parseChecksums(await reader.readText(list), list);
  const problems = [...present].filter((path) => !hashes.has(path)).map((path) => `${path} is not listed in ${list}`);
  let bytes = 0;
  for (const [path, expected] of hashes) {
    if (!present.has(path)) {
      problems.push(`${path} is listed in ${list}, but missing`);
      continue;
    }
    const measured = await reader.measure(path);
    bytes += measured.bytes;
    if (measured.sha256 !== expected) problems.push(`${path} was altered: its SHA-256 differs from ${list}`);
  }
  return { files: hashes.size, bytes, problems };
}

/** Returns the value of one label of `bag-info.txt`. */
function readInfo(text: string, label: string): string | undefined {
  return text
    .split('\n')
    .find((line) => line.startsWith(`${label}: `))
    ?.slice(label.length + 2);
}
