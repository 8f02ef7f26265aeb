import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../run-command.ts';

const PACK = `
import sys, zipfile
out, *pairs = sys.argv[1:]
with zipfile.ZipFile(out, 'w') as wheel:
    for name, text in zip(pairs[::2], pairs[1::2]):
        wheel.writestr(name, text)
`;

/**
 * Writes a wheel `demo_tool` with the program `demo-tool` and a data file into `directory`, so that pip runs without a
 * network. `main` is the body of the program's function.
 */
export async function writeDemoWheel(directory: string, main: string): Promise<void> {
  const info = 'demo_tool-1.0.dist-info';
  const files: Record<string, string> = {
    'demo_tool/__init__.py': `def main():\n    ${main}\n`,
    'demo_tool/data.bin': 'weights',
    [`${info}/METADATA`]: 'Metadata-Version: 2.1\nName: demo-tool\nVersion: 1.0\n',
    [`${info}/WHEEL`]: 'Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n',
    [`${info}/entry_points.txt`]: '[console_scripts]\ndemo-tool = demo_tool:main\n',
    [`${info}/RECORD`]: '',
  };
  const script = join(directory, 'pack.py');
  await writeFile(script, PACK);
  const wheel = join(directory, 'demo_tool-1.0-py3-none-any.whl');
  await runCommand('python3', [script, wheel, ...Object.entries(files).flat()], { env: process.env });
}
