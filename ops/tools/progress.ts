import type { createColors } from 'picocolors';
import type { InstallReporter } from './install-tools.ts';
import type { ToolResult } from './tool-result.ts';

const REDRAW_INTERVAL_MS = 500;
const LOG_INTERVAL_MS = 10_000;
const LAST_LINE_COLUMNS = 80;

/** Options of {@link createProgress}. */
export interface ProgressOptions {
  write: (text: string) => void;
  /** Width of the terminal in columns, or null when the output is not one. */
  columns: number | null;
  colors: ReturnType<typeof createColors>;
  /** Width of the column of names. */
  nameWidth: number;
}

/** Reporter with a timer; `stop` must be called. */
export interface Progress extends InstallReporter {
  stop(): void;
}

/**
 * Creates a reporter that prints one line per finished tool. While tools are being installed, a terminal shows a status line
 * that is redrawn; any other output gets a line every ten seconds, so that a log shows progress.
 */
export function createProgress(options: ProgressOptions): Progress {
  const running = new Map<string, { startedMs: number; last: string }>();
  const { write, columns } = options;
  const clear = (): void => {
    if (columns !== null) write('\r\u001b[2K');
  };
  const drawStatus = (): void => {
    const status = [...running].map(([name, { startedMs, last }]) => {
      const seconds = Math.round((performance.now() - startedMs) / 1000);
      return `${name.padEnd(options.nameWidth)}  installing, ${seconds} s  ${last}`;
    });
    if (status.length === 0) return;
    clear();
    write(columns === null ? `${status.join('\n')}\n` : status.join(' | ').slice(0, columns - 1));
  };
  const timer = setInterval(drawStatus, columns === null ? LOG_INTERVAL_MS : REDRAW_INTERVAL_MS);
  return {
    waiting: (holder) => write(`waiting for ${holder}, which is installing tools\n`),
    started: (name) => void running.set(name, { startedMs: performance.now(), last: '' }),
    line(name, last) {
      const entry = running.get(name);
      if (entry) entry.last = last.slice(0, LAST_LINE_COLUMNS);
    },
    finished(result) {
      running.delete(result.name);
      clear();
      write(formatResult(result, options));
    },
    stop() {
      clearInterval(timer);
      clear();
    },
  };
}

/** Formats one finished tool as a line, followed by the last lines of the command when it failed. */
export function formatResult(result: ToolResult, { colors, nameWidth }: ProgressOptions): string {
  const name = result.name.padEnd(nameWidth);
  const seconds = `${result.seconds.toFixed(1)} s`;
  if (result.failure === null) {
    const state = result.state.padEnd('already installed'.length);
    return `${name}  ${colors.green(state)}  ${String(result.version).padEnd(8)}  ${seconds}  ${colors.dim(String(result.path))}\n`;
  }
  const detail = result.failure.tail.map((line) => `    ${colors.dim(line)}\n`).join('');
  return `${name}  ${colors.red('failed')}  ${seconds}  ${result.failure.message}\n${detail}`;
}
