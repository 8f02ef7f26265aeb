import { Readable, Writable } from 'node:stream';
import { createLineWriter, relayLines } from './relay-lines.ts';

/** Creates a stream that completes one pending write with each call of `acceptWrite`. */
function createStream() {
  const written: string[] = [];
  const pending: (() => void)[] = [];
  const stream = new Writable({
    decodeStrings: false,
    write: (text: string, _encoding, done) => {
      pending.push(() => {
        written.push(text);
        done();
      });
    },
  });
  return { stream, written, acceptWrite: () => pending.shift()?.() };
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('relayLines', () => {
  it('passes on complete lines when chunks split lines and characters', async () => {
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

  it('does not read the source while the stream accepts no writes', async () => {
    const { stream, written, acceptWrite } = createStream();
    let chunks = 0;
    const source = Readable.from(
      (function* () {
        for (; chunks < 1_000; chunks += 1) yield Buffer.from(`${chunks}\n`);
      })(),
      { highWaterMark: 1 },
    );
    const ended = relayLines(source, createLineWriter(stream));
    for (let turns = 0; turns < 50; turns += 1) await nextTurn();
    expect(chunks).toBeLessThan(10);
    while (written.length < 1_000) {
      acceptWrite();
      await nextTurn();
    }
    await ended;
    expect(written.join('')).toBe(Array.from({ length: 1_000 }, (_each, index) => `${index}\n`).join(''));
  });
});

describe('createLineWriter', () => {
  it('retries a write until the reader of the stream returns', async () => {
    const written: string[] = [];
    let failures = 2;
    // Like `process.stdout`: a failed write leaves the stream usable.
    const stream = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        if (failures === 0) written.push(chunk.toString());
        done(failures === 0 ? null : Object.assign(new Error('broken pipe'), { code: 'EPIPE' }));
        if (failures > 0) failures -= 1;
      },
      destroy(error, done) {
        done(error);
        Reflect.apply(Reflect.get(this, '_undestroy') as () => void, this, []);
      },
    }).on('error', () => undefined);
    await createLineWriter(stream)(['one', 'two']);
    expect(written).toEqual(['\none\ntwo\n']);
  });
});
