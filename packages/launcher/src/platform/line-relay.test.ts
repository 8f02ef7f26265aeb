import { Readable, Writable } from 'node:stream';
import { createLineWriter, relayLines } from './line-relay.ts';

/** A stream that takes a write when `take` is called, or refuses it. */
function createStream() {
  const taken: string[] = [];
  const held: (() => void)[] = [];
  const stream = new Writable({
    decodeStrings: false,
    write: (text: string, _encoding, done) => {
      held.push(() => {
        taken.push(text);
        done();
      });
    },
  });
  return { stream, taken, take: () => held.shift()?.() };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('relayed lines', () => {
  it('are whole, whatever the pieces in which they come', async () => {
    const lines: string[] = [];
    const source = Readable.from([
      Buffer.from('one\ntw'),
      Buffer.from('o\n\nth\u00fc').subarray(0, 6),
      Buffer.from([0xbc]),
    ]);
    await relayLines(source, (some) => {
      lines.push(...some);
      return Promise.resolve();
    });
    expect(lines).toEqual(['one', 'two', '', 'th\u00fc']);
  });

  it('are not read from their source while nobody takes them', async () => {
    const { stream, taken, take } = createStream();
    let pieces = 0;
    const source = Readable.from(
      (function* () {
        for (; pieces < 1_000; pieces += 1) yield Buffer.from(`${pieces}\n`);
      })(),
      { highWaterMark: 1 },
    );
    const ended = relayLines(source, createLineWriter(stream));
    for (let turns = 0; turns < 50; turns += 1) await turn();
    expect(pieces).toBeLessThan(10);
    while (taken.length < 1_000) {
      take();
      await turn();
    }
    await ended;
    expect(taken.join('')).toBe(Array.from({ length: 1_000 }, (_each, index) => `${index}\n`).join(''));
  });

  it('are kept and tried again while their reader is away', async () => {
    const taken: string[] = [];
    let failures = 2;
    // As `process.stdout` does it: a failed write leaves the stream usable.
    const stream = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        if (failures === 0) taken.push(chunk.toString());
        done(failures === 0 ? null : Object.assign(new Error('broken pipe'), { code: 'EPIPE' }));
        if (failures > 0) failures -= 1;
      },
      destroy(error, done) {
        done(error);
        Reflect.apply(Reflect.get(this, '_undestroy') as () => void, this, []);
      },
    }).on('error', () => undefined);
    await createLineWriter(stream)(['one', 'two']);
    expect(taken).toEqual(['\none\ntwo\n']);
  });
});
