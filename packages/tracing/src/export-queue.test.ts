import type { SpanDropReason } from './drop-reasons.ts';
import { ExportQueue, type ExportLimits } from './export-queue.ts';

type Send = (batch: number[], done: (ok: boolean) => void) => void;

const deliver: Send = (_batch, done) => done(true);
const hang: Send = () => undefined;

function createQueue(send: Send, limits: Partial<ExportLimits> = {}) {
  const drops: Partial<Record<SpanDropReason, number>> = {};
  const batches: number[][] = [];
  const queue = new ExportQueue<number>({
    limits: { maxQueueSize: 10, maxBatchSize: 4, delayMs: 5, timeoutMs: 20, ...limits },
    send: (batch, done) => {
      batches.push(batch);
      send(batch, done);
    },
    onDrop: (reason, count) => {
      drops[reason] = (drops[reason] ?? 0) + count;
    },
  });
  const add = (count: number): void => {
    for (let item = 0; item < count; item += 1) queue.add(item);
  };
  return { queue, add, drops, batches };
}

describe('export queue', () => {
  it('sends all items in batches on flush', async () => {
    const { queue, add, drops, batches } = createQueue(deliver);
    add(9);
    await queue.flush();
    expect(batches.map((batch) => batch.length)).toEqual([4, 4, 1]);
    expect(drops).toEqual({});
    await queue.shutdown();
  });

  it('sends a single item after the delay', async () => {
    const sent = Promise.withResolvers<number[]>();
    const { queue, add } = createQueue((batch, done) => {
      done(true);
      sent.resolve(batch);
    });
    add(1);
    await expect(sent.promise).resolves.toEqual([0]);
    await queue.shutdown();
  });

  it('keeps at most maxQueueSize items and one batch while the receiver hangs', async () => {
    const { queue, add, drops } = createQueue(hang);
    add(100);
    expect(drops).toEqual({ queue_full: 100 - 10 - 4 });
    await queue.shutdown();
  });

  it.each<[string, Send]>([
    ['rejects the batch', (_batch, done) => done(false)],
    ['hangs', hang],
    [
      'throws',
      () => {
        throw new Error('no');
      },
    ],
    [
      'calls back twice',
      (_batch, done) => {
        done(false);
        done(true);
        done(false);
      },
    ],
  ])('counts each dropped item once when the receiver %s', async (_name, send) => {
    const { queue, add, drops } = createQueue(send);
    add(7);
    await queue.flush();
    expect(drops).toEqual({ export_failed: 7 });
    await queue.shutdown();
  });

  it('sends the next batch after one that timed out', async () => {
    let isHanging = true;
    const { queue, add, drops } = createQueue((batch, done) => (isHanging ? hang : deliver)(batch, done));
    add(4);
    await queue.flush();
    isHanging = false;
    add(4);
    await queue.flush();
    expect(drops).toEqual({ export_failed: 4 });
    await queue.shutdown();
  });

  it('shuts down within its timeout and counts undelivered items', async () => {
    const { queue, add, drops } = createQueue(hang, { maxQueueSize: 1_000, maxBatchSize: 1, timeoutMs: 50 });
    add(1_000);
    await queue.shutdown();
    expect((drops.shutdown ?? 0) + (drops.export_failed ?? 0)).toBe(1_000);
    expect(drops.shutdown).toBeGreaterThan(900);
    await queue.shutdown();
    add(1);
    expect((drops.shutdown ?? 0) + (drops.export_failed ?? 0)).toBe(1_001);
  });

  it('delivers queued items at shutdown', async () => {
    const { queue, add, drops, batches } = createQueue(deliver, { delayMs: 60_000 });
    add(3);
    await queue.shutdown();
    expect(batches).toEqual([[0, 1, 2]]);
    expect(drops).toEqual({});
  });
});
