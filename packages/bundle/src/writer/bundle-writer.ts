import { parseAgeRecipient } from '../age/age-recipient.ts';
import { BundleWriteError } from './bundle-write-error.ts';
import type { BundleWriter, BundleWriterOptions } from './bundle-writer-options.ts';
import type { BundleFile } from './seal-bag.ts';
import { sealBundle, type BundleContents } from './seal-bundle.ts';
import { writeTable, type TableContext } from './write-table.ts';
import { createWriterGate } from './writer-gate.ts';

const MEBIBYTE = 1024 * 1024;

/**
 * Starts a bundle in the format `aion-bag/1`: a BagIt bag whose payload is encrypted to the tenant and whose
 * tag manifest is signed. Nothing is written before the first table.
 * @throws {InvalidRecipientError} when a recipient is not usable.
 */
export function createBundleWriter(options: BundleWriterOptions): BundleWriter {
  checkExportId(options.exportId);
  const contents: BundleContents = { files: [], tables: new Map(), excluded: [] };
  const context = createContext(options, (file) => contents.files.push(file));
  const gate = createWriterGate();
  const names = new Set<string>();
  let tableCount = 0;

  function claimName(name: string): void {
    gate.enter('continue');
    if (names.has(name)) throw new BundleWriteError('WRITER_STATE', `The table ${name} is in the bundle already.`);
    names.add(name);
  }

  return {
    addTable(table, rows) {
      return gate.run(async () => {
        claimName(table.name);
        tableCount += 1;
        const tableNumber = tableCount;
        const entry = await writeTable(context, table, tableNumber, rows);
        contents.tables.set(tableNumber, entry);
        return entry;
      });
    },
    exclude(name, reason) {
      claimName(name);
      contents.excluded.push({ name, reason });
    },
    async seal() {
      gate.enter('seal');
      return gate.run(() => sealBundle(options, context, contents));
    },
  };
}

function createContext(options: BundleWriterOptions, addFile: (file: BundleFile) => void): TableContext {
  return {
    sink: options.sink,
    recipients: options.recipients.map((text) => parseAgeRecipient(text).text),
    compressionLevel: options.compressionLevel ?? 3,
    maxPartBytes: options.maxPartBytes ?? 64 * MEBIBYTE,
    maxRowBytes: options.maxRowBytes ?? 256 * MEBIBYTE,
    onProgress: options.onProgress ?? (() => undefined),
    async onPart(part) {
      addFile({ path: part.path, bytes: part.bytes, sha256: part.sha256 });
      await options.onPart?.(part);
    },
  };
}

/** The id is a folder's name and a line of bag-info.txt. */
function checkExportId(exportId: string): void {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(exportId)) return;
  throw new BundleWriteError(
    'WRITER_STATE',
    `The export id ${JSON.stringify(exportId)} cannot name a folder: use up to 100 letters, digits, ".", "_" and "-".`,
  );
}
