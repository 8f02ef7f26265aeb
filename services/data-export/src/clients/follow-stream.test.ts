import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { followStream } from './follow-stream.ts';

const PATIENT = { what: 'The rows of files', firstMs: 60_000, nextMs: 60_000 };

describe('followStream', () => {
  it('gives every byte', async () => {
    const body = Readable.from([Buffer.from('one\n'), Buffer.from('two\n')], { objectMode: false });
    expect(await text(followStream(body, PATIENT))).toBe('one\ntwo\n');
  });

  it('fails when the answer fails, and keeps the cause', async () => {
    const cause = new Error('other side closed');
    const body = new PassThrough();
    const followed = followStream(body, PATIENT);
    body.write('one\n');
    body.destroy(cause);
    await expect(text(followed)).rejects.toMatchObject({ code: 'UNAVAILABLE', cause });
  });

  it('fails when the answer is closed before its end', async () => {
    const body = new PassThrough();
    const followed = followStream(body, PATIENT);
    body.write('one\n');
    body.destroy();
    await expect(text(followed)).rejects.toMatchObject({ message: 'The rows of files was broken off.' });
  });

  it('fails when nothing comes', async () => {
    const body = new PassThrough();
    await expect(text(followStream(body, { ...PATIENT, firstMs: 5 }))).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
    });
    expect(body.destroyed).toBe(true);
  });

  it('fails when nothing more comes', async () => {
    const body = new PassThrough();
    body.write('one\n');
    await expect(text(followStream(body, { ...PATIENT, nextMs: 5 }))).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
    });
  });

  it('does not take a slow reader for a silent answer', async () => {
    const body = new PassThrough();
    const followed = followStream(body, { what: 'It', firstMs: 5, nextMs: 5 });
    body.write('one\n');
    await new Promise((resolve) => setTimeout(resolve, 50));
    body.end('two\n');
    expect(await text(followed)).toBe('one\ntwo\n');
  });

  it('cancels the answer when it is destroyed', () => {
    const body = new PassThrough();
    followStream(body, PATIENT).destroy();
    expect(body.destroyed).toBe(true);
  });

  it('holds the answer back when it is not read', async () => {
    let given = 0;
    const body = new Readable({
      highWaterMark: 65_536,
      read() {
        given += 65_536;
        this.push(Buffer.alloc(65_536));
      },
    });
    const followed = followStream(body, PATIENT);
    for (let turn = 0; turn < 100; turn += 1) await new Promise(setImmediate);
    expect(given).toBeLessThan(2_000_000);
    followed.destroy();
  });
});
