import { Writable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { BoundedSink, type DropReason } from './bounded-sink.ts';

/** A stream that takes lines when it is told to, or refuses them. */
function createStream(options: { error?: Error; highWaterMark?: number } = {}) {
  const lines: string[] = [];
  const held: (() => void)[] = [];
  const state = { holds: false, error: options.error };
  const stream = new Writable({
    highWaterMark: options.highWaterMark ?? 64,
    write(chunk: Buffer, _encoding, done) {
      const take = (): void => {
        if (state.error === undefined) lines.push(chunk.toString());
        done(state.error);
      };
      if (state.holds) held.push(take);
      else take();
    },
    // As `process.stdout` does it: a failed write leaves the stream usable.
    destroy(error, done) {
      done(error);
      if (options.error !== undefined) Reflect.apply(Reflect.get(this, '_undestroy') as () => void, this, []);
    },
  });
  const resume = (): void => {
    state.holds = false;
    for (const take of held.splice(0)) take();
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

describe('a bounded sink', () => {
  it('hands lines on at once while the stream takes them', () => {
    const { lines: written, stream } = createStream();
    const { sink } = createSink(stream);
    for (const text of lines(0, 3)) sink.write(text, true);
    expect(written).toEqual(lines(0, 3));
  });

  it('hands lines that can wait on together, before the next urgent one and within moments', async () => {
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

  it('counts each line of a refused write', async () => {
    const { stream } = createStream({ error: new Error('no space left on device'), highWaterMark: 1_024 });
    const { sink, drops } = createSink(stream);
    for (const text of lines(0, 3)) sink.write(text, false);
    expect(await sink.flush(5_000)).toBe(true);
    expect(drops).toEqual({ sink: 3 });
  });

  it('does not hold more than a batch back', () => {
    const { lines: written, stream } = createStream({ highWaterMark: 1_048_576 });
    const { sink } = createSink(stream, 1_048_576);
    for (let size = 0; size < 65_536; size += 10) sink.write(line(0), false);
    expect(written.join('')).toHaveLength(65_540);
  });

  it('keeps at most its bound while the stream stalls, counts the rest, and goes on in order afterwards', async () => {
    const { lines: written, state, stream, resume } = createStream();
    const { sink, drops } = createSink(stream);
    state.holds = true;
    for (const text of lines(0, 10_000)) sink.write(text, true);
    // 7 fill the stream's own 64 bytes, 10 the sink's 100.
    expect(stream.writableLength).toBe(70);
    expect(drops).toEqual({ overflow: 9_983 });

    resume();
    expect(await sink.flush(5_000)).toBe(true);
    sink.write(line(20_000), true);
    expect(written).toEqual([...lines(0, 7), lines(7, 17).join(''), line(20_000)]);
    expect(drops).toEqual({ overflow: 9_983 });
  });

  it('counts refused lines and recovers by itself, on a line of its own', async () => {
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

  it('counts what waits when the stream breaks while it stalls', async () => {
    const { state, stream, resume } = createStream();
    const { sink, drops } = createSink(stream);
    state.holds = true;
    for (const text of lines(0, 17)) sink.write(text, true);
    stream.destroy(Object.assign(new Error('broken pipe'), { code: 'EPIPE' }));
    resume();
    expect(await sink.flush(5_000)).toBe(true);
    // The first had reached the far end; the others and all later ones did not.
    expect(drops).toEqual({ sink: 16 });
    sink.write(line(17), true);
    expect(drops).toEqual({ sink: 17 });
  });

  it('gives up a flush in time when the stream stays stalled', async () => {
    const { state, stream } = createStream();
    const { sink } = createSink(stream);
    state.holds = true;
    sink.write(line(0), true);
    expect(await sink.flush(20)).toBe(false);
  });

  it('outlives a stream that throws or calls back at once', async () => {
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
