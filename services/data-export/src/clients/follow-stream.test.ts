import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { followStream } from './follow-stream.ts';

const LIMITS = { name: 'The row stream of files', firstMs: 60_000, nextMs: 60_000 };

describe('followStream', () => {
  it('passes every byte on', async () => {
    const body = Readable.from([Buffer.from('one\n'), Buffer.from('two\n')], { objectMode: false });
    expect(await text(followStream(body, LIMITS))).toBe('one\ntwo\n');
  });

  it('fails with the cause when the response fails', async () => {
    const cause = new Error('other side closed');
    const body = new PassThrough();
    const followed = followStream(body, LIMITS);
    body.write('one\n');
    body.destroy(cause);
    await expect(text(followed)).rejects.toMatchObject({ code: 'UNAVAILABLE', cause });
  });

  it('fails when the response is closed before its end', async () => {
    const body = new PassThrough();
    const followed = followStream(body, LIMITS);
    body.write('one\n');
    body.destroy();
    await expect(text(followed)).rejects.toMatchObject({ message: 'The row stream of files was interrupted.' });
  });

  it('fails when no byte arrives', async () => {
    const body = new PassThrough();
    await expect(text(followStream(body, { ...LIMITS, firstMs: 5 }))).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
    });
    expect(body.destroyed).toBe(true);
  });

  it('fails when no further byte arrives', async () => {
    const body = new PassThrough();
    body.write('one\n');
    await expect(text(followStream(body, { ...LIMITS, nextMs: 5 }))).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
    });
  });

  it('does not fail when only the reader is slow', async () => {
    const body = new PassThrough();
    const followed = followStream(body, { name: 'It', firstMs: 5, nextMs: 5 });
    body.write('one\n');
    await new Promise((resolve) => setTimeout(resolve, 50));
    body.end('two\n');
    expect(await text(followed)).toBe('one\ntwo\n');
  });

  it('cancels the response when it is destroyed', () => {
    const body = new PassThrough();
    followStream(body, LIMITS).destroy();
    expect(body.destroyed).toBe(true);
  });

  it('applies back-pressure to the response when it is not read', async () => {
    let produced = 0;
    const body = new Readable({
      highWaterMark: 65_536,
      read() {
        produced += 65_536;
        this.push(Buffer.alloc(65_536));
      },
    });
    const followed = followStream(body, LIMITS);
    for (let turn = 0; turn < 100; turn += 1) await new Promise(setImmediate);
    expect(produced).toBeLessThan(2_000_000);
    followed.destroy();
  });
});
