import { PassThrough, Readable } from 'node:stream';
import type { SnapshotHead } from '@aion/contracts';
import { openSnapshotStream } from './open-snapshot-stream.ts';

const HEAD: SnapshotHead = {
  snapshot_id: '00000003-0000001B-1',
  xid: '771',
  lsn: '0/16B3748',
  taken_at: '2026-01-31T12:00:00.000Z',
  schema_fingerprint: 'f'.repeat(64),
  migration: '20260131120000_first',
  tables: [{ name: 'projects', order_by: ['id'], columns: [{ name: 'name', type: 'text' }], rows: 2 }],
  excluded: [{ name: 'api_keys', reason: 'Schlüssel' }],
};

describe('openSnapshotStream', () => {
  it('reads a head that arrives byte by byte', async () => {
    const bytes = [...Buffer.from(`${JSON.stringify(HEAD)}\n`)].map((byte) => Buffer.from([byte]));
    expect((await openSnapshotStream(Readable.from(bytes))).head).toEqual(HEAD);
  });

  it('reads heartbeats, and reports the end of the stream as a loss', async () => {
    const stream = new PassThrough();
    stream.write(`${JSON.stringify(HEAD)}\n`);
    const { ended } = await openSnapshotStream(stream);
    stream.write('\n');
    stream.end('\n');
    expect(await ended).toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('reports a broken stream as a loss with its cause', async () => {
    const stream = new PassThrough();
    stream.write(`${JSON.stringify(HEAD)}\n`);
    const { ended } = await openSnapshotStream(stream);
    const cause = new Error('other side closed');
    stream.destroy(cause);
    expect(await ended).toMatchObject({ code: 'UNAVAILABLE', cause });
  });

  it('fails when the stream ends before its head', async () => {
    await expect(openSnapshotStream(Readable.from([Buffer.from('{"snapshot_id"')]))).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
  });

  it('fails when the head violates the contract', async () => {
    await expect(openSnapshotStream(Readable.from([Buffer.from('{}\n')]))).rejects.toMatchObject({ name: 'ZodError' });
  });
});
