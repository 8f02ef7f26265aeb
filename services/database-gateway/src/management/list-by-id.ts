import { readPage, type PageOptions, type PageWindow } from './read-page.ts';

/** Options of `listById`. */
export interface ListByIdOptions<R, T> extends Pick<PageOptions<R>, 'list' | 'query'> {
  /** Reads rows in the order of their ids. */
  readonly read: (page: PageWindow) => Promise<readonly R[]>;
  /** Maps a row to the item that the list shows. */
  readonly toItem: (row: R) => T;
}

/**
 * Reads a page of rows in the order of their ids. Ids are UUID v7, so that this is the order of creation.
 * @throws InvalidRequestError for a cursor of another list
 */
export async function listById<R extends { readonly id: string }, T>(options: ListByIdOptions<R, T>) {
  const { list, query, read, toItem } = options;
  const { answer } = await readPage({ list, positions: 'uuid', query, read, positionOf: ({ id }) => id });
  return { answer: { data: answer.data.map(toItem), next_cursor: answer.next_cursor } };
}
