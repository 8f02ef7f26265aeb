import { InvalidRequestError } from '@aion/errors';

/** What a page is cut from. */
export interface PageOptions<T> {
  /** The list that a cursor is of: one of another list is refused. */
  readonly list: string;
  /** What the positions of this list are: one of the other kind is none, whoever has made the cursor. */
  readonly positions: keyof typeof POSITIONS;
  readonly query: { readonly limit: number; readonly cursor?: string | undefined };
  /** Gives at most `limit` items after the position, or the first ones. */
  readonly read: (limit: number, after: string | null) => Promise<readonly T[]>;
  /** The position of an item in its list. */
  readonly positionOf: (item: T) => string;
}

/**
 * Cuts a page by key, not by offset: items that are added meanwhile move nothing, and page 10 000 costs what page 1 does.
 * One item more than the page is read, to know whether there is a next page.
 * @throws InvalidRequestError for a cursor that is not of this list
 */
export async function readPage<T>({ list, positions, query, read, positionOf }: PageOptions<T>) {
  const after = query.cursor === undefined ? null : decodeCursor({ list, positions }, query.cursor);
  const items = await read(query.limit + 1, after);
  const data = items.slice(0, query.limit);
  const last = items.length > query.limit ? data.at(-1) : undefined;
  return { answer: { data, next_cursor: last === undefined ? null : encodeCursor(list, positionOf(last)) } };
}

/** The comparison by which a row is beyond a position, and the direction of ORDER BY, as SQL. */
export function inOrder(order: 'asc' | 'desc') {
  return order === 'asc' ? (['>', 'ASC'] as const) : (['<', 'DESC'] as const);
}

function encodeCursor(list: string, position: string): string {
  return Buffer.from(`${list}:${position}`).toString('base64url');
}

const POSITIONS = { uuid: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, number: /^[0-9]{1,15}$/ } as const;

function decodeCursor({ list, positions }: Pick<PageOptions<never>, 'list' | 'positions'>, cursor: string): string {
  const text = Buffer.from(cursor, 'base64url').toString();
  const position = text.slice(list.length + 1);
  if (text.startsWith(`${list}:`) && POSITIONS[positions].test(position)) return position;
  throw new InvalidRequestError('The cursor is not one of this list: use the next_cursor of its last page as it is.', {
    param: 'cursor',
  });
}
