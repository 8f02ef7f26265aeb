/** Result of scanning a response. */
export interface ScannedAnswer {
  /** Generated text of the first choice. */
  readonly text: string;
  readonly finishReason: string | null;
  /** Usage as reported by the provider, if it did. */
  readonly usage: { readonly promptTokens: number; readonly completionTokens: number } | undefined;
}

/** Scanner of a response while it is forwarded. */
export interface AnswerScanner {
  /** Scans the next bytes and returns those to forward. */
  push(chunk: Uint8Array): Uint8Array;
  /** Returns the remaining bytes at the end of the response. */
  end(): Uint8Array;
  /** True once content has been forwarded, which marks the first token. */
  readonly hasContent: boolean;
  result(): ScannedAnswer;
}

const EMPTY = new Uint8Array();
const MAX_TEXT_CHARACTERS = 4_000_000;

/**
 * Scans a stream of server-sent events in OpenAI's format. Events are forwarded completely, unchanged and in order.
 * The terminal event is retained until usage is settled, so that the client does not see the end before; an event with
 * usage alone is omitted unless the caller requested it.
 */
export function createEventScanner(options: { readonly passUsage: boolean }): AnswerScanner {
  let pending = Buffer.alloc(0);
  let text = '';
  let finishReason: string | null = null;
  let usage: ScannedAnswer['usage'];
  let heldBack = Buffer.alloc(0);

  const takeEvent = (event: Buffer): Buffer => {
    const data = dataOf(event.toString('utf8'));
    if (data === undefined) return event;
    if (data === '[DONE]') {
      heldBack = Buffer.concat([heldBack, event]);
      return Buffer.alloc(0);
    }
    const chunk = parseObject(data);
    usage = readUsage(chunk) ?? usage;
    const choices = Array.isArray(chunk['choices']) ? chunk['choices'] : [];
    const choice = toObject(choices[0]);
    const content = toObject(choice['delta'])['content'];
    if (typeof content === 'string' && text.length < MAX_TEXT_CHARACTERS) text += content;
    if (typeof choice['finish_reason'] === 'string') finishReason = choice['finish_reason'];
    const usageAlone = choices.length === 0 && usage !== undefined;
    return usageAlone && !options.passUsage ? Buffer.alloc(0) : event;
  };

  return {
    push: (chunk) => {
      pending = pending.length === 0 ? Buffer.from(chunk) : Buffer.concat([pending, chunk]);
      const passed: Buffer[] = [];
      for (let end = endOfEvent(pending); end !== -1; end = endOfEvent(pending)) {
        passed.push(takeEvent(pending.subarray(0, end)));
        pending = pending.subarray(end);
      }
      return Buffer.concat(passed);
    },
    end: () => {
      const rest = pending.length === 0 ? EMPTY : takeEvent(pending);
      pending = Buffer.alloc(0);
      return Buffer.concat([rest, heldBack]);
    },
    get hasContent() {
      return text !== '';
    },
    result: () => ({ text, finishReason, usage }),
  };
}

/** Scans a response that is one JSON document, which `end` returns complete and unchanged. */
export function createDocumentScanner(): AnswerScanner {
  const chunks: Uint8Array[] = [];
  const parse = (): Record<string, unknown> => parseObject(Buffer.concat(chunks).toString('utf8'));
  return {
    push: (chunk) => {
      chunks.push(chunk);
      return EMPTY;
    },
    end: () => Buffer.concat(chunks),
    get hasContent() {
      return chunks.length > 0;
    },
    result: () => {
      const document = parse();
      const choice = toObject(Array.isArray(document['choices']) ? document['choices'][0] : undefined);
      const content = toObject(choice['message'])['content'];
      const reason = choice['finish_reason'];
      return {
        text: typeof content === 'string' ? content : '',
        finishReason: typeof reason === 'string' ? reason : null,
        usage: readUsage(document),
      };
    },
  };
}

/** Returns the index after the blank line that ends the first event, or -1. Lines end in LF, CRLF or CR (WHATWG HTML 9.2). */
function endOfEvent(bytes: Buffer): number {
  const ends = ['\n\n', '\r\n\r\n', '\r\r'].flatMap((mark) => {
    const at = bytes.indexOf(mark);
    return at === -1 ? [] : [at + mark.length];
  });
  return ends.length === 0 ? -1 : Math.min(...ends);
}

/** Returns the joined `data` lines of an event, or undefined for a comment. */
function dataOf(event: string): string | undefined {
  const lines = event.split(/\r\n|\r|\n/).filter((line) => line.startsWith('data:'));
  return lines.length === 0 ? undefined : lines.map((line) => line.slice(5).replace(/^ /, '')).join('\n');
}

function readUsage(document: Record<string, unknown>): ScannedAnswer['usage'] {
  const { prompt_tokens: promptTokens, completion_tokens: completionTokens } = toObject(document['usage']);
  if (typeof promptTokens !== 'number' || typeof completionTokens !== 'number') return undefined;
  return { promptTokens, completionTokens };
}

function parseObject(text: string): Record<string, unknown> {
  try {
    return toObject(JSON.parse(text));
  } catch {
    // An invalid event of a provider is forwarded unchanged, but contributes no usage.
    return {};
  }
}

function toObject(value: unknown): Record<string, unknown> {
  // Any object is a record of unknown values.
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
