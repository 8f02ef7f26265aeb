import { createDocumentScanner, createEventScanner } from './answer-scanner.ts';

const EVENTS = [
  ': a comment\n\n',
  'data: {"choices":[{"delta":{"role":"assistant","content":""}}]}\n\n',
  'data: {"choices":[{"delta":{"content":"Grüße"}}]}\r\n\r\n',
  'data: {"choices":[{"delta":{"content":" aus Kyōto"}}]}\n\n',
  'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\n',
];
const USAGE = 'data: {"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":5}}\n\n';
const DONE = 'data: [DONE]\n\n';
const STREAM = Buffer.from([...EVENTS, USAGE, DONE].join(''));

function scan(pieces: readonly Uint8Array[], passUsage: boolean) {
  const scanner = createEventScanner({ passUsage });
  const passed = Buffer.concat(pieces.map((piece) => scanner.push(piece))).toString('utf8');
  return { passed, last: Buffer.from(scanner.end()).toString('utf8'), result: scanner.result() };
}

describe('event scanner', () => {
  it('returns the same bytes and usage for every chunk size of the stream', () => {
    for (let size = 1; size <= STREAM.length; size += 1) {
      const pieces = Array.from({ length: Math.ceil(STREAM.length / size) }, (_, i) =>
        STREAM.subarray(i * size, (i + 1) * size),
      );
      expect(scan(pieces, true)).toEqual({
        passed: [...EVENTS, USAGE].join(''),
        last: DONE,
        result: {
          text: 'Grüße aus Kyōto',
          finishReason: 'stop',
          usage: { promptTokens: 3, completionTokens: 5 },
        },
      });
    }
  });

  it('omits the usage event when the caller did not request it', () => {
    const { passed, result } = scan([STREAM], false);
    expect(passed).toBe(EVENTS.join(''));
    expect(result.usage).toEqual({ promptTokens: 3, completionTokens: 5 });
  });

  it('forwards an event that it cannot parse', () => {
    const { passed, result } = scan([Buffer.from('data: {broken\n\n')], false);
    expect(passed).toBe('data: {broken\n\n');
    expect(result.usage).toBeUndefined();
  });

  it('forwards a last event without a blank line after it', () => {
    expect(scan([Buffer.from('data: {"choices":[{"delta":{"content":"x"}}]}')], false).last).toContain('"x"');
  });

  it('reports that content has arrived', () => {
    const scanner = createEventScanner({ passUsage: false });
    scanner.push(Buffer.from(EVENTS.slice(0, 2).join('')));
    expect(scanner.hasContent).toBe(false);
    scanner.push(Buffer.from(EVENTS[3] ?? ''));
    expect(scanner.hasContent).toBe(true);
  });
});

describe('document scanner', () => {
  it('retains the document until its end and returns it unchanged', () => {
    const document =
      '{ "choices":[{"message":{"content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":2} }';
    const scanner = createDocumentScanner();
    expect(scanner.push(Buffer.from(document.slice(0, 20)))).toHaveLength(0);
    scanner.push(Buffer.from(document.slice(20)));
    expect(Buffer.from(scanner.end()).toString('utf8')).toBe(document);
    expect(scanner.result()).toEqual({
      text: 'hi',
      finishReason: 'stop',
      usage: { promptTokens: 1, completionTokens: 2 },
    });
  });

  it('reports no usage when the document is not JSON', () => {
    const scanner = createDocumentScanner();
    scanner.push(Buffer.from('<html>'));
    expect(scanner.result()).toEqual({ text: '', finishReason: null, usage: undefined });
  });
});
