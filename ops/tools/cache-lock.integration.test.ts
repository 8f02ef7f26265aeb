import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { withCacheLock } from './cache-lock.ts';
import { createSandbox } from './testing/sandbox.ts';
import type { Sandbox } from './testing/sandbox.ts';

describe('withCacheLock', () => {
  let sandbox: Sandbox;
  beforeEach(async () => void (sandbox = await createSandbox()));
  afterEach(() => sandbox.remove());

  it('runs one callback at a time', async () => {
    let inside = 0;
    let most = 0;
    let waits = 0;
    const { promise: bothWait, resolve: release } = Promise.withResolvers<void>();
    const work = async (): Promise<void> => {
      most = Math.max(most, ++inside);
      await bothWait;
      // A concurrent callback would have incremented the counter by now.
      await new Promise((resolve) => setTimeout(resolve, 20));
      inside--;
    };
    const onWait = (): void => {
      waits++;
      if (waits === 2) release();
    };
    await Promise.all([1, 2, 3].map(() => withCacheLock(sandbox.cache, work, { onWait })));
    expect({ most, waits }).toEqual({ most: 1, waits: 2 });
  });

  it('releases the lock when the callback throws', async () => {
    const failing = withCacheLock(sandbox.cache, () => Promise.reject(new Error('broken')), {});
    await expect(failing).rejects.toThrow('broken');
    expect(await withCacheLock(sandbox.cache, async () => 'mine', {})).toBe('mine');
  });

  it('reports the process that holds the lock and acquires the lock when that process is killed', async () => {
    const lock = join(import.meta.dirname, 'cache-lock.ts');
    const hold = `
      const { withCacheLock } = await import(${JSON.stringify(lock)});
      const forever = () => { process.stdout.write('locked'); return new Promise(() => setInterval(() => {}, 1000)); };
      await withCacheLock(${JSON.stringify(sandbox.cache)}, forever, {});`;
    const env = { ...process.env, NODE_OPTIONS: '' };
    const child = spawn(process.execPath, ['--input-type=module', '-e', hold], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      await once(child.stdout, 'data');
      let holder = '';
      const onWait = (text: string): void => {
        holder = text;
        child.kill('SIGKILL');
      };
      expect(await withCacheLock(sandbox.cache, async () => 'mine', { onWait })).toBe('mine');
      expect(holder).toBe(`process ${child.pid}`);
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('stops waiting when the signal is aborted', async () => {
    const stopping = new AbortController();
    const waiting = withCacheLock(
      sandbox.cache,
      () =>
        withCacheLock(sandbox.cache, async () => 'never', { signal: stopping.signal, onWait: () => stopping.abort() }),
      {},
    );
    await expect(waiting).rejects.toThrow('aborted');
  });
});
