import { Writable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { BoundedSink, type DropReason } from './bounded-sink.ts';

/** Creates a stream that can stall, or fail every write with an error. */
function createStream(options: { error?: Error; highWaterMark?: number } = {}) {
  const lines: string[] = [];
  const pending: (() => void)[] = [];
  const state = { isStalled: false, error: options.error };
  const stream = new Writable({
    highWaterMark: options.highWaterMark ?? 64,
    write(chunk: Buffer, _encoding, done) {
      const complete = (): void => {
        if (state.error === undefined) lines.push(chunk.toString());
        done(state.error);
      };
      if (state.isStalled) pending.push(complete);
      else complete();
    },
    // Like `process.stdout`: the stream stays usable after a failed write.
    destroy(error, done) {
      done(error);
      if (options.error !== undefined) Reflect.apply(Reflect.get(this, '_undestroy') as () => void, this, []);
    },
  });
  const resume = (): void => {
    state.isStalled = false;
    for (const complete of pending.splice(0)) complete();
  };
  return { lines, state, stream, resume };
}

function createSink(stream: NodeJS.WritableStream, maxBufferedBytes = 100) {
  const drops: Partial<Record<DropReason, number>> = {};
  const onDrop = (reason: DropReason): void => {
    drops[reason] = (drops[reason] ?? 0) + 1;
  };
  return { drops, sink: new BoundedSink({ stream, maxBufferedBytes, batchMs: 10, onDrop }) };
}

const line = (index: number): string => `${String(index).padStart(9, '0')}\n`;
const lines = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, at) => line(from + at));

describe('bounded sink', () => {
  it('writes urgent lines immediately while the stream accepts them', () => {
    const { lines: written, stream } = createStream();
    const { sink } = createSink(stream);
    for (const text of lines(0, 3)) sink.write(text, true);
    expect(written).toEqual(lines(0, 3));
  });

  it('batches lines that are not urgent, and writes them before the next urgent line or after batchMs', async () => {
    const { lines: written, stream } = createStream({ highWaterMark: 1_024 });
    const { sink } = createSink(stream);
    for (const text of lines(0, 3)) sink.write(text, false);
    expect(written).toEqual([]);
    sink.write(line(3), true);
    expect(written).toEqual([lines(0, 4).join('')]);
    sink.write(line(4), false);
    while (written.length < 2) await setTimeout(1);
    expect(written[1]).toBe(line(4));
    sink.write(line(5), false);
    expect(await sink.flush(5_000)).toBe(true);
    expect(written[2]).toBe(line(5));
  });

  it('counts each line of a failed write', async () => {
    const { stream } = createStream({ error: new Error('no space left on device'), highWaterMark: 1_024 });
    const { sink, drops } = createSink(stream);
    for (const text of lines(0, 3)) sink.write(text, false);
    expect(await sink.flush(5_000)).toBe(true);
    expect(drops).toEqual({ sink: 3 });
  });

  it('writes a full batch without waiting for batchMs', () => {
    const { lines: written, stream } = createStream({ highWaterMark: 1_048_576 });
    const { sink } = createSink(stream, 1_048_576);
    for (let size = 0; size < 65_536; size += 10) sink.write(line(0), false);
    expect(written.join('')).toHaveLength(65_540);
  });

  it('buffers up to its bound while the stream stalls, counts dropped lines, and continues in order', async () => {
    const { lines: written, state, stream, resume } = createStream();
    const { sink, drops } = createSink(stream);
    state.isStalled = true;
    for (const text of lines(0, 10_000)) sink.write(text, true);
    // 7 lines fill the stream's buffer of 64 bytes, 10 lines the sink's buffer of 100.
    expect(stream.writableLength).toBe(70);
    expect(drops).toEqual({ overflow: 9_983 });

    resume();
    expect(await sink.flush(5_000)).toBe(true);
    sink.write(line(20_000), true);
    expect(written).toEqual([...lines(0, 7), lines(7, 17).join(''), line(20_000)]);
    expect(drops).toEqual({ overflow: 9_983 });
  });

  it('counts lines of failed writes, and starts on a new line when the stream works again', async () => {
    const full = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    const { lines: written, state, stream } = createStream({ error: full });
    const { sink, drops } = createSink(stream);
    for (const text of lines(0, 3)) {
      sink.write(text, true);
      expect(await sink.flush(5_000)).toBe(true);
    }
    expect(drops).toEqual({ sink: 3 });
    state.error = undefined;
    sink.write(line(3), true);
    sink.write(line(4), true);
    expect(written).toEqual([`\n${line(3)}`, line(4)]);
  });

  it('counts buffered lines when a stalled stream breaks', async () => {
    const { state, stream, resume } = createStream();
    const { sink, drops } = createSink(stream);
    state.isStalled = true;
    for (const text of lines(0, 17)) sink.write(text, true);
    stream.destroy(Object.assign(new Error('broken pipe'), { code: 'EPIPE' }));
    resume();
    expect(await sink.flush(5_000)).toBe(true);
    // The first line was written; the others and all later lines were not.
    expect(drops).toEqual({ sink: 16 });
    sink.write(line(17), true);
    expect(drops).toEqual({ sink: 17 });
  });

  it('ends a flush after its timeout when the stream stays stalled', async () => {
    const { state, stream } = createStream();
    const { sink } = createSink(stream);
    state.isStalled = true;
    sink.write(line(0), true);
    expect(await sink.flush(20)).toBe(false);
  });

  it('tolerates a stream that throws, or calls back synchronously', async () => {
    const { drops, sink } = createSink(
      new (class extends Writable {
        override write(_chunk: unknown, ...rest: unknown[]): boolean {
          const done = rest.find((item) => typeof item === 'function');
          if (done === undefined) throw new Error('no callback');
          Reflect.apply(done, undefined, [null]);
          return false;
        }
      })(),
    );
    for (const text of lines(0, 100)) sink.write(text, true);
    expect(await sink.flush(100)).toBe(true);
    expect(drops).toEqual({});
  });
});
