import { InvalidRequestError } from '@aion/errors';

/** Rows of one page, in the terms of the SQL statement that reads them. */
export interface PageWindow {
  /** Maximum number of rows: one more than the page contains, to detect whether another page follows. */
  readonly limit: number;
  /** Position of the last item of the previous page; null for the first page. */
  readonly after: string | null;
  /** SQL operator that compares the position of a row with `after`. */
  readonly comparison: '>' | '<';
  /** SQL direction of ORDER BY. */
  readonly direction: 'ASC' | 'DESC';
}

/** Options of `readPage`. */
export interface PageOptions<T> {
  /** Name of the list: a cursor of another list is rejected. */
  readonly list: string;
  /** Type of the positions in this list; a cursor with a position of another type is rejected. */
  readonly positions: keyof typeof POSITIONS;
  readonly query: {
    readonly limit: number;
    readonly cursor?: string | undefined;
    readonly order: 'asc' | 'desc';
  };
  /** Reads the items of the window, in its order. */
  readonly read: (page: PageWindow) => Promise<readonly T[]>;
  /** Returns the position of an item in the list. */
  readonly positionOf: (item: T) => string;
}

/**
 * Reads a page of a list by position (keyset pagination), not by offset: items that are added meanwhile move nothing, and
 * page 10 000 costs as much as page 1.
 * @throws InvalidRequestError for a cursor of another list
 */
export async function readPage<T>({ list, positions, query, read, positionOf }: PageOptions<T>) {
  const after = query.cursor === undefined ? null : decodeCursor({ list, positions }, query.cursor);
  const isAscending = query.order === 'asc';
  const items = await read({
    limit: query.limit + 1,
    after,
    comparison: isAscending ? '>' : '<',
    direction: isAscending ? 'ASC' : 'DESC',
  });
  const data = items.slice(0, query.limit);
  const last = items.length > query.limit ? data.at(-1) : undefined;
  return { answer: { data, next_cursor: last === undefined ? null : encodeCursor(list, positionOf(last)) } };
}

const POSITIONS = { uuid: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, number: /^[0-9]{1,15}$/ } as const;

function encodeCursor(list: string, position: string): string {
  return Buffer.from(`${list}:${position}`).toString('base64url');
}

function decodeCursor({ list, positions }: Pick<PageOptions<never>, 'list' | 'positions'>, cursor: string): string {
  const text = Buffer.from(cursor, 'base64url').toString();
  const position = text.slice(list.length + 1);
  if (text.startsWith(`${list}:`) && POSITIONS[positions].test(position)) return position;
  throw new InvalidRequestError(
    'The cursor does not belong to this list: send the next_cursor of the previous page unchanged.',
    { param: 'cursor' },
  );
}
