import { parseAgeRecipient } from '../age/age-recipient.ts';
import { BundleWriteError } from './bundle-write-error.ts';
import type { BundleWriter, BundleWriterOptions } from './bundle-writer-options.ts';
import type { BundleFile } from './finalize-bag.ts';
import { finalizeBundle, type BundleContents } from './finalize-bundle.ts';
import { writeTable, type TableContext } from './write-table.ts';
import { createWriterGate } from './writer-gate.ts';

const MEBIBYTE = 1024 * 1024;

/**
 * Creates the writer of a bundle in the format `aion-bag/1`: a BagIt bag whose payload is encrypted to the tenant and
 * whose tag manifest is signed. Nothing is written before the first table.
 * @throws {InvalidRecipientError} when a recipient is not usable.
 */
export function createBundleWriter(options: BundleWriterOptions): BundleWriter {
  assertExportId(options.exportId);
  const contents: BundleContents = { files: [], tables: new Map(), excluded: [] };
  const context = createContext(options, (file) => contents.files.push(file));
  const gate = createWriterGate();
  const names = new Set<string>();
  let tableCount = 0;

  function claimName(name: string): void {
    gate.enter('continue');
    if (names.has(name)) throw new BundleWriteError('WRITER_STATE', `The table ${name} is already in the bundle.`);
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
    async finalize() {
      gate.enter('finalize');
      return gate.run(() => finalizeBundle(options, context, contents));
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

/** The id becomes the name of a folder and a line of bag-info.txt. */
function assertExportId(exportId: string): void {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(exportId)) return;
  throw new BundleWriteError(
    'WRITER_STATE',
    `The export id ${JSON.stringify(exportId)} cannot be the name of a folder. Use up to 100 letters, digits, ".", "_" and "-".`,
  );
}
