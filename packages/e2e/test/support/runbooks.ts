import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const DIRECTORY = resolve(import.meta.dirname, '../../../../docs/runbooks');

/** A fenced block of a runbook. */
export interface RunbookBlock {
  /** The file, such as `schema-drift.md`. */
  readonly file: string;
  readonly text: string;
}

/** Reads every fenced block of a language in all runbooks. */
export function readBlocks(language: 'promql' | 'sh' | 'sql'): readonly RunbookBlock[] {
  const fence = new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g');
  return readdirSync(DIRECTORY).flatMap((file) =>
    [...readFileSync(join(DIRECTORY, file), 'utf8').matchAll(fence)].map(([, text = '']) => ({
      file,
      text: text.trim(),
    })),
  );
}
