/** What an answer turned out to be, once it has been scanned. */
export interface ScannedAnswer {
  /** The text that was produced, of the first choice. */
  readonly text: string;
  readonly finishReason: string | null;
  /** What the provider counted, when it said so. */
  readonly usage: { readonly promptTokens: number; readonly completionTokens: number } | undefined;
}

/** Reads along with an answer that is passed through. */
export interface AnswerScanner {
  /** Takes the next bytes and gives those that may be passed on. */
  push(chunk: Uint8Array): Uint8Array;
  /** What is still held back when the answer has ended. */
  end(): Uint8Array;
  /** Whether content has been passed on: the moment of the first token. */
  readonly hasContent: boolean;
  result(): ScannedAnswer;
}

const EMPTY = new Uint8Array();
const MAX_TEXT_CHARACTERS = 4_000_000;

/**
 * Scans a stream of server-sent events in OpenAI's dialect. Events are passed on byte for byte, whole, in order. Held
 * back are the terminal event (so that usage is settled before the client knows the end) and, when the caller did not
 * ask for it, the event with usage alone.
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

/** Scans an answer that is one JSON document: it is held back whole, and given unchanged by `end`. */
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

/** The index after the blank line that ends the first event, or -1. Lines end in LF, CRLF or CR (WHATWG HTML 9.2). */
function endOfEvent(bytes: Buffer): number {
  const ends = ['\n\n', '\r\n\r\n', '\r\r'].flatMap((mark) => {
    const at = bytes.indexOf(mark);
    return at === -1 ? [] : [at + mark.length];
  });
  return ends.length === 0 ? -1 : Math.min(...ends);
}

/** The joined `data` lines of an event, or undefined for a comment. */
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
    // A provider's broken event is passed on as it is; it only cannot be counted.
    return {};
  }
}

function toObject(value: unknown): Record<string, unknown> {
  // A record of unknowns is what any object is.
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
