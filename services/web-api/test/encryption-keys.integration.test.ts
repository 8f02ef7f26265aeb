import { type EncryptedRow, routes } from '@aion/contracts';
import { createEncryption, type Encryption } from '@aion/encryption';
import { waitFor } from '@aion/testkit';
import { v7 as uuidv7 } from 'uuid';
import { readAnswer } from './support/read-answer.ts';
import { OPERATOR_KEY, SEALING_KEY, startEdge, type Edge } from './support/start-edge.ts';

const FORMER_KEY = 'canary-former-sealing-key-32-characters';
const CANARY = 'canary-provider-credential-0123456789';
const former = createEncryption({ key: FORMER_KEY });
const current = createEncryption({ key: SEALING_KEY });
const stranger = createEncryption({ key: 'an encryption key that no longer exists' });

let edge: Edge;
beforeAll(async () => {
  edge = await startEdge({ AION_FORMER_SEALING_KEYS: FORMER_KEY });
});
afterAll(() => edge.stop());

function encryptedRow(
  encryption: Encryption,
  change: { readonly context?: string; readonly damage?: true } = {},
): EncryptedRow {
  const id = uuidv7();
  const { keyId, bytes } = encryption.encrypt(CANARY, change.context ?? `provider_config:${id}`);
  if (change.damage === true) bytes.writeUInt8(bytes.readUInt8(20) ^ 1, 20);
  return { id, tenant_id: uuidv7(), version: 3, sealed: { key_id: keyId, bytes: bytes.toString('base64url') } };
}
const decryptWith = (encryption: Encryption, { id, sealed }: EncryptedRow): string =>
  encryption.decrypt({ keyId: sealed.key_id, bytes: Buffer.from(sealed.bytes, 'base64url') }, `provider_config:${id}`);
const rotate = async (cursor?: string) => {
  const query = cursor === undefined ? '' : `?cursor=${cursor}`;
  const path = `/api/v1/sealing-keys/rotation${query}`;
  return readAnswer(routes.sealingKeys.rotate, await edge.request(path, { method: 'POST', key: OPERATOR_KEY }));
};

describe('rotateSealingKeys route', () => {
  it('re-encrypts rows of a former key and preserves their id and version', async () => {
    const rows = [encryptedRow(former), encryptedRow(former), encryptedRow(current)];
    edge.database.encryptedRows = rows;
    expect(await rotate()).toEqual({
      key_id: current.keyId,
      resealed: 2,
      failed: [],
      remaining: 0,
      next_cursor: null,
    });
    expect(edge.database.encryptedRows.map((row) => decryptWith(current, row))).toEqual([CANARY, CANARY, CANARY]);
    const shown = ({ id, tenant_id, version }: EncryptedRow) => ({ id, tenant_id, version });
    expect(edge.database.encryptedRows.map(shown)).toEqual(rows.map(shown));
  });

  it('reports rows that it could not decrypt with the reason, and continues with the others', async () => {
    const [unknown, damaged] = [encryptedRow(stranger), encryptedRow(former, { damage: true })];
    const moved = encryptedRow(former, { context: 'provider_config:another' });
    edge.database.encryptedRows = [unknown, damaged, moved, encryptedRow(former)];
    const { failed, resealed, remaining } = await rotate();
    expect({ resealed, remaining }).toEqual({ resealed: 1, remaining: 3 });
    const expected = [
      [unknown, 'unknown_key'],
      [damaged, 'damaged'],
      [moved, 'damaged'],
    ] as const;
    expect(failed).toEqual(
      expected.map(([{ id, tenant_id, sealed }, reason]) => {
        return { provider_id: id, tenant_id, key_id: sealed.key_id, reason };
      }),
    );
  });

  it('continues after its cursor, past rows that cannot be decrypted, in batches of a hundred', async () => {
    edge.database.encryptedRows = Array.from({ length: 150 }, (_, at) => encryptedRow(at < 100 ? stranger : former));
    const first = await rotate();
    expect(first).toMatchObject({ resealed: 0, remaining: 150, next_cursor: edge.database.encryptedRows[99]?.id });
    expect(first.failed).toHaveLength(100);
    expect(await rotate(first.next_cursor ?? '')).toMatchObject({ resealed: 50, remaining: 100, next_cursor: null });
  });

  it('exposes no decrypted secret in logs, stored bodies or metrics', async () => {
    const text = [edge.logs(), JSON.stringify(edge.database.providerBodies), await edge.exposition()].join('');
    expect(text).toContain(current.keyId);
    for (const secret of [CANARY, FORMER_KEY, SEALING_KEY]) expect(text).not.toContain(secret);
  });
});

describe('aion_sealed_rows gauge', () => {
  it('is absent while rows cannot be counted, and then reports rows by encryption key', async () => {
    const other = await startEdge({ AION_FORMER_SEALING_KEYS: FORMER_KEY });
    other.database.isUnavailable = true;
    other.database.encryptedRows = [encryptedRow(former), encryptedRow(former), encryptedRow(stranger)];
    const isCounted = () => (other.database.calls.get('countSealedRows') ?? 0) > 0;
    await waitFor(isCounted, { describe: 'the first attempt' });
    const valueOf = async (key: string) =>
      new RegExp(`^aion_sealed_rows\\{.*sealed_under="${key}".*\\} (\\d+)$`, 'm').exec(await other.exposition())?.[1];
    expect(await valueOf('former')).toBeUndefined();
    other.database.isUnavailable = false;
    await waitFor(async () => (await valueOf('former')) === '2', { describe: 'the count' });
    expect([await valueOf('current'), await valueOf('unknown')]).toEqual(['0', '1']);
    await other.stop();
  });
});
