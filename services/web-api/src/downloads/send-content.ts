import { Readable } from 'node:stream';
import { RangeNotSatisfiableError } from '@aion/errors';
import { streamReply, type Reply, type StreamReply } from '@aion/http';
import type { IncomingHttpHeaders } from 'node:http';
import { parseByteRange, type ByteRange } from './byte-range.ts';

/** Content whose size and ETag are known before it is read. */
export interface Content {
  readonly contentType: 'application/x-tar' | 'application/octet-stream';
  /** Any text; encoded for `Content-Disposition`. */
  readonly fileName: string;
  readonly totalBytes: number;
  /** A strong validator (RFC 9110, section 8.8.1) without quotes: the same value means the same bytes. */
  readonly etag: string;
  /** Opens a range within the content. */
  open(range: ByteRange): Promise<AsyncIterable<Uint8Array>>;
}

/** Request for content. */
export interface ContentRequest {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
}

/**
 * Sends content, or the range of it that `Range` names, under the condition of `If-Range` (RFC 9110, sections 13 and 14),
 * so that an interrupted download can be resumed.
 * @param beforeBytes runs when the request is valid, before the content is opened; not for HEAD
 * @throws RangeNotSatisfiableError
 */
export async function sendContent(
  content: Content,
  request: ContentRequest,
  reply: Reply,
  beforeBytes: () => Promise<void>,
): Promise<StreamReply> {
  const { totalBytes } = content;
  reply.setHeader('accept-ranges', 'bytes');
  const range = selectRange(content, request, reply);
  const { start, end } = range ?? { start: 0, end: totalBytes - 1 };
  const headers = {
    etag: `"${content.etag}"`,
    'content-length': String(end - start + 1),
    'content-disposition': formatContentDisposition(content.fileName),
    'cache-control': 'no-store',
    ...(range === undefined ? {} : { 'content-range': `bytes ${start}-${end}/${totalBytes}` }),
  };
  const status = range === undefined ? 200 : 206;
  const { contentType } = content;
  if (request.method === 'HEAD') return streamReply({ status, contentType, headers, body: Readable.from([]) });
  await beforeBytes();
  const body = end < start ? Readable.from([]) : await content.open({ start, end });
  return streamReply({ status, contentType, headers, body });
}

/** Formats `Content-Disposition` with a name (RFC 6266): in ASCII, and exactly for clients that support RFC 8187. */
function formatContentDisposition(name: string): string {
  const plain = name.replaceAll(/[^A-Za-z0-9._ -]/g, '_');
  if (plain === name) return `attachment; filename="${name}"`;
  const exact = encodeURIComponent(name).replaceAll(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16)}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${exact}`;
}

function selectRange(content: Content, { method, headers }: ContentRequest, reply: Reply): ByteRange | undefined {
  // RFC 9110, 14.2: Range is defined for GET only. 13.1.5: another validator means that the content has changed.
  const condition = headers['if-range'];
  if (method !== 'GET' || (condition !== undefined && condition !== `"${content.etag}"`)) return undefined;
  try {
    return parseByteRange(headers.range, content.totalBytes);
  } catch (error) {
    if (error instanceof RangeNotSatisfiableError) reply.setHeader('content-range', `bytes */${content.totalBytes}`);
    throw error;
  }
}
