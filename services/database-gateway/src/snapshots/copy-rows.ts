import { ClientClosedRequestError, InternalError } from '@aion/errors';
import pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import type { ExportTable } from '../data-map/export-plan.ts';
import { tenantPredicate } from '../database/tenant-predicate.ts';
import { isError, toDatabaseError } from '../database/database-error.ts';
import type { QueryInstruments } from '../database/query-instruments.ts';
import type { SnapshotSession } from './snapshot-session.ts';

const HIGH_WATER_MARK_BYTES = 1_048_576;
const NEWLINE = 10;

/**
 * Builds the statement that returns a tenant's rows of a table as JSON, one per line. The text format of COPY doubles
 * backslashes; in CSV whose quote and delimiter are control characters, which JSON escapes, a line is the JSON itself.
 */
export function copyStatement(table: ExportTable, tenantId: string): string {
  const columns = table.columns.map(pg.escapeIdentifier).join(', ');
  const order = table.orderBy.map((column) => `t.${pg.escapeIdentifier(column)}`).join(', ');
  return (
    `COPY (SELECT row_to_json(t) FROM (SELECT ${columns} FROM ${pg.escapeIdentifier(table.name)} ` +
    `WHERE ${tenantPredicate(table.tenantPath, pg.escapeLiteral(tenantId))}) t ORDER BY ${order}) ` +
    `TO STDOUT WITH (FORMAT csv, QUOTE e'\\x01', DELIMITER e'\\x02')`
  );
}

/**
 * Streams the rows of a table from a session, which is closed with the stream. The stream throws unless PostgreSQL has
 * confirmed the end of the COPY and the number of rows equals the number of lines.
 */
export function copyRows(options: {
  readonly session: SnapshotSession;
  readonly table: ExportTable;
  readonly tenantId: string;
  readonly instruments: QueryInstruments;
}): AsyncIterable<Uint8Array> {
  const { session, table } = options;
  const running = options.instruments.begin({ operation: 'COPY', table: table.name });
  const source = session.client.query(
    copyTo(copyStatement(table, options.tenantId), { highWaterMark: HIGH_WATER_MARK_BYTES }),
  );
  // The loop below throws the error. Without a listener, an error before or after the loop would end the process.
  source.on('error', (error) => running.fail(error));
  session.signal.addEventListener('abort', () => source.destroy(toError(session.signal.reason)), { once: true });

  async function* read(): AsyncGenerator<Uint8Array> {
    let lines = 0;
    try {
      for await (const chunk of source as AsyncIterable<Buffer>) {
        lines += countLines(chunk);
        yield chunk;
      }
      await session.client.query('COMMIT');
      if (source.rowCount !== lines) {
        throw new InternalError(`COPY of "${table.name}" returned ${lines} lines for ${source.rowCount} rows.`);
      }
      running.succeed();
    } catch (error) {
      running.fail(error);
      throw toDatabaseError(error);
    } finally {
      running.fail(new ClientClosedRequestError('The reader has disconnected.'));
      await session.close();
    }
  }
  return read();
}

function countLines(chunk: Buffer): number {
  let lines = 0;
  for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, at + 1)) lines += 1;
  return lines;
}

function toError(reason: unknown): Error {
  return isError(reason) ? reason : new Error(String(reason));
}
