import { stripVTControlCharacters } from 'node:util';
import { Presets, SingleBar } from 'cli-progress';
import picocolors from 'picocolors';

/** Progress bar; without a terminal, one line at its end. */
export interface Progress {
  update(value: number, total: number): void;
  /** Ends the bar and prints the outcome, if any. */
  end(outcome?: string): void;
}

/** Output of the demo. */
export interface Terminal {
  heading(title: string): void;
  /** Prints a completed step with its duration. */
  step(label: string, detail: string, durationMs?: number): void;
  check(ok: boolean, text: string): void;
  line(text?: string): void;
  dim(text: string): void;
  /** Writes untrusted text as it arrives, indented next to a label. Control characters are removed. */
  stream(label: string): { write(text: string): void; end(): void };
  progress(label: string): Progress;
}

const LABEL_WIDTH = 24;
const INDENT = '  ';

/** Creates the terminal of the demo; picocolors selects colours (NO_COLOR, FORCE_COLOR, terminal or not). */
export function createTerminal(out: NodeJS.WriteStream): Terminal {
  const colors = picocolors.createColors(picocolors.isColorSupported && (out.isTTY || 'FORCE_COLOR' in process.env));
  const write = (text: string): void => void out.write(text);
  const label = (text: string): string => `${INDENT}${text.padEnd(LABEL_WIDTH - 2)}  `;
  return {
    heading: (title) => write(`\n${colors.bold(title)}\n`),
    step: (name, detail, durationMs) =>
      write(`${label(name)}${detail}${durationMs === undefined ? '' : colors.dim(`  ${formatMs(durationMs)}`)}\n`),
    check: (ok, text) => write(`${INDENT}${ok ? colors.green('ok  ') : colors.red('FAIL')}  ${text}\n`),
    line: (text = '') => write(text === '' ? '\n' : `${INDENT}${text}\n`),
    dim: (text) => write(`${INDENT}${colors.dim(text)}\n`),
    stream: (name) => {
      write(label(name));
      const indent = ' '.repeat(INDENT.length + LABEL_WIDTH);
      return {
        write: (text) => write(cleanText(text).replaceAll('\n', `\n${indent}`)),
        end: () => write('\n'),
      };
    },
    progress: (name) => (out.isTTY ? createBar(out, label(name)) : createPlainProgress(write, label(name))),
  };
}

/** Removes escape sequences and control characters: text of a model or a file must not control the terminal. */
export function cleanText(text: string): string {
  return stripVTControlCharacters(text)
    .replaceAll('\r\n', '\n')
    .replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, ' ');
}

/** Shortens text to one line of at most `maxChars`. */
export function shorten(text: string, maxChars: number): string {
  const line = cleanText(text).replaceAll(/\s+/g, ' ').trim();
  return line.length <= maxChars ? line : `${line.slice(0, maxChars - 3).trimEnd()}...`;
}

/** Formats a duration: `840 ms` or `1.3 s`. */
export function formatMs(durationMs: number): string {
  return durationMs < 1_000 ? `${Math.round(durationMs)} ms` : `${(durationMs / 1_000).toFixed(1)} s`;
}

/** Formats a size: `512 B`, `12.3 kB` or `4.5 MB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  return bytes < 1_000_000 ? `${(bytes / 1_000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

function createBar(out: NodeJS.WriteStream, label: string): Progress {
  const bar = new SingleBar(
    { format: `${label}{bar} {percentage}%`, barsize: 32, hideCursor: true, clearOnComplete: true, stream: out },
    Presets.shades_classic,
  );
  bar.start(1, 0);
  return {
    update: (value, total) => {
      bar.setTotal(Math.max(total, 1));
      bar.update(Math.min(value, Math.max(total, 1)));
    },
    end: (outcome) => {
      bar.stop();
      if (outcome !== undefined) out.write(`${label}${outcome}\n`);
    },
  };
}

function createPlainProgress(write: (text: string) => void, label: string): Progress {
  return {
    update: () => undefined,
    end: (outcome) => {
      if (outcome !== undefined) write(`${label}${outcome}\n`);
    },
  };
}
