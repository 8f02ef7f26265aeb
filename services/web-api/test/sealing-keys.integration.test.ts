import { rotateSealingKeys, type SealedRow } from '@aion/contracts';
import { createSealer, type Sealer } from '@aion/sealing';
import { waitFor } from '@aion/testkit';
import { v7 as uuidv7 } from 'uuid';
import { readAnswer } from './support/read-answer.ts';
import { OPERATOR_KEY, SEALING_KEY, startEdge, type Edge } from './support/start-edge.ts';

const FORMER_KEY = 'canary-former-sealing-key-32-characters';
const CANARY = 'canary-provider-credential-0123456789';
const former = createSealer({ key: FORMER_KEY });
const current = createSealer({ key: SEALING_KEY });
const stranger = createSealer({ key: 'a sealing key that nobody has any more' });

let edge: Edge;
beforeAll(async () => {
  edge = await startEdge({ AION_FORMER_SEALING_KEYS: FORMER_KEY });
});
afterAll(() => edge.stop());

function sealedRow(sealer: Sealer, change: { readonly context?: string; readonly damage?: true } = {}): SealedRow {
  const id = uuidv7();
  const { keyId, bytes } = sealer.seal(CANARY, change.context ?? `provider_config:${id}`);
  if (change.damage === true) bytes.writeUInt8(bytes.readUInt8(20) ^ 1, 20);
  return { id, tenant_id: uuidv7(), version: 3, sealed: { key_id: keyId, bytes: bytes.toString('base64url') } };
}
const openWith = (sealer: Sealer, { id, sealed }: SealedRow): string =>
  sealer.open({ keyId: sealed.key_id, bytes: Buffer.from(sealed.bytes, 'base64url') }, `provider_config:${id}`);
const rotate = async (cursor?: string) => {
  const query = cursor === undefined ? '' : `?cursor=${cursor}`;
  const path = `/api/v1/sealing-keys/rotation${query}`;
  return readAnswer(rotateSealingKeys, await edge.request(path, { method: 'POST', key: OPERATOR_KEY }));
};

describe('the rotation of sealing keys', () => {
  it('seals anew what a former key has sealed, for the same row and version', async () => {
    const rows = [sealedRow(former), sealedRow(former), sealedRow(current)];
    edge.database.sealedRows = rows;
    expect(await rotate()).toEqual({
      ...{ key_id: current.keyId, resealed: 2, failed: [], remaining: 0, next_cursor: null },
    });
    expect(edge.database.sealedRows.map((row) => openWith(current, row))).toEqual([CANARY, CANARY, CANARY]);
    const shown = ({ id, tenant_id, version }: SealedRow) => ({ id, tenant_id, version });
    expect(edge.database.sealedRows.map(shown)).toEqual(rows.map(shown));
  });

  it('tells what it could not open and why, and goes on', async () => {
    const [unknown, damaged] = [sealedRow(stranger), sealedRow(former, { damage: true })];
    const moved = sealedRow(former, { context: 'provider_config:another' });
    edge.database.sealedRows = [unknown, damaged, moved, sealedRow(former)];
    const { failed, resealed, remaining } = await rotate();
    expect({ resealed, remaining }).toEqual({ resealed: 1, remaining: 3 });
    const expected = [
      [unknown, 'unknown_key'],
      [damaged, 'damaged'],
      [moved, 'damaged'],
    ] as const;
    expect(failed).toEqual(
      expected.map(
        ([
          {
            id,
            tenant_id,
            sealed: { key_id },
          },
          reason,
        ]) => {
          return { provider_id: id, tenant_id, key_id, reason };
        },
      ),
    );
  });

  it('goes on behind its cursor, past what cannot be opened, a hundred at a time', async () => {
    edge.database.sealedRows = Array.from({ length: 150 }, (_, at) => sealedRow(at < 100 ? stranger : former));
    const first = await rotate();
    expect(first).toMatchObject({ resealed: 0, remaining: 150, next_cursor: edge.database.sealedRows[99]?.id });
    expect(first.failed).toHaveLength(100);
    expect(await rotate(first.next_cursor ?? '')).toMatchObject({ resealed: 50, remaining: 100, next_cursor: null });
  });

  it('shows nothing of what it opens', async () => {
    const text = [edge.logs(), JSON.stringify(edge.database.providerBodies), await edge.exposition()].join('');
    expect(text).toContain(current.keyId);
    for (const secret of [CANARY, FORMER_KEY, SEALING_KEY]) expect(text).not.toContain(secret);
  });
});

describe('the gauge of sealed rows', () => {
  it('is not there while nothing can be counted, and then tells what is sealed under which key', async () => {
    const other = await startEdge({ AION_FORMER_SEALING_KEYS: FORMER_KEY });
    other.database.isAway = true;
    other.database.sealedRows = [sealedRow(former), sealedRow(former), sealedRow(stranger)];
    const isCounted = () => (other.database.calls.get('countSealedRows') ?? 0) > 0;
    await waitFor(isCounted, { describe: 'the first attempt' });
    const valueOf = async (key: string) =>
      new RegExp(`^aion_sealed_rows\\{.*sealed_under="${key}".*\\} (\\d+)$`, 'm').exec(await other.exposition())?.[1];
    expect(await valueOf('former')).toBeUndefined();
    other.database.isAway = false;
    await waitFor(async () => (await valueOf('former')) === '2', { describe: 'the count' });
    expect([await valueOf('current'), await valueOf('unknown')]).toEqual(['0', '1']);
    await other.stop();
  });
});
