import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { openSync, closeSync } from 'node:fs';
import { join } from 'node:path';

const LINES = 3_000;

function start(stdout: 'pipe' | number): ChildProcess {
  return spawn(process.execPath, [join(import.meta.dirname, 'chatty-service.ts')], {
    env: {
      ...process.env,
      AION_SERVICE_TOKEN_SECRET: 'a secret of at least thirty-two characters',
      LINES: String(LINES),
    },
    stdio: ['ignore', stdout, 'inherit', 'ipc'],
  });
}

async function readDroppedLines(child: ChildProcess, reason: string): Promise<number> {
  const [message]: unknown[] = await once(child, 'message');
  const { exposition } = message as { exposition: string };
  const sample = exposition
    .split('\n')
    .find(
      (line) =>
        line.startsWith('aion_telemetry_dropped_total{') &&
        line.includes('signal="logs"') &&
        line.includes(`reason="${reason}"`),
    );
  return Number(sample?.split(' ')[1]);
}

describe('service with a slow or broken log reader', () => {
  it('drops lines while the reader stalls, resumes when it reads again, and writes the last line', async () => {
    const child = start('pipe');
    try {
      const dropped = await readDroppedLines(child, 'queue_full');
      expect(dropped).toBeGreaterThan(1_000);
      let text = '';
      child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      const ended = once(child.stdout ?? child, 'end');
      child.kill('SIGTERM');
      expect(await once(child, 'exit')).toEqual([0, null]);
      await ended;
      const records = text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as { message: string });
      expect(records.at(-1)?.message).toBe('Service has stopped');
      expect(records.filter(({ message }) => message === 'Line')).toHaveLength(LINES - dropped);
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('exits in bounded time when the reader remains stalled', async () => {
    const child = start('pipe');
    try {
      await readDroppedLines(child, 'queue_full');
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      expect(await exited).toEqual([0, null]);
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('continues and counts lost lines when the reader closes the pipe', async () => {
    const child = start('pipe');
    try {
      child.stdout?.destroy();
      expect(await readDroppedLines(child, 'export_failed')).toBeGreaterThan(LINES - 100);
      child.kill('SIGTERM');
      expect(await once(child, 'exit')).toEqual([0, null]);
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('continues and counts lost lines when the disk is full', async () => {
    const full = openSync('/dev/full', 'w');
    const child = start(full);
    try {
      expect(await readDroppedLines(child, 'export_failed')).toBeGreaterThanOrEqual(LINES - 100);
      child.kill('SIGTERM');
      expect(await once(child, 'exit')).toEqual([0, null]);
    } finally {
      child.kill('SIGKILL');
      closeSync(full);
    }
  });
});
