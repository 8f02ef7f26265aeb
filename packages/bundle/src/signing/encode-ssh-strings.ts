/** Encodes SSH strings: four bytes of big-endian length, then the bytes (RFC 4251, section 5). */
export function encodeSshStrings(...values: readonly (string | Uint8Array)[]): Buffer {
  return Buffer.concat(
    values.flatMap((value) => {
      const bytes = Buffer.from(value);
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      return [length, bytes];
    }),
  );
}

/** Decodes exactly `count` SSH strings that fill `data`; returns `undefined` when they do not. */
export function decodeSshStrings(data: Buffer, count: number): Buffer[] | undefined {
  const values: Buffer[] = [];
  let offset = 0;
  while (values.length < count) {
    if (offset + 4 > data.length) return undefined;
    const end = offset + 4 + data.readUInt32BE(offset);
    if (end > data.length) return undefined;
    values.push(data.subarray(offset + 4, end));
    offset = end;
  }
  return offset === data.length ? values : undefined;
}
