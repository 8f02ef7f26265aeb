import { LauncherError } from '../platform/launcher-error.ts';
import { parseConversations, readQuestion } from './read-conversations.ts';

function exitCodeOf(run: () => unknown): number | undefined {
  try {
    run();
  } catch (error) {
    if (error instanceof LauncherError) return error.exitCode;
    throw error;
  }
  return undefined;
}

const GOOD = '{"messages":[{"role":"user","content":"Hello"}]}';

describe('parseConversations', () => {
  it('parses one request per line, skips blank lines and retains unknown fields', () => {
    const text = `${GOOD}\n\n{"messages":[{"role":"user","content":"Hi"}],"stream":true,"seed":7}\r\n`;
    expect(parseConversations(text, 'in.jsonl')).toEqual([
      { messages: [{ role: 'user', content: 'Hello' }] },
      { messages: [{ role: 'user', content: 'Hi' }], stream: true, seed: 7 },
    ]);
  });

  it.each([
    ['that is not JSON', '{"messages": [', /^in\.jsonl, line 2: not JSON: /],
    ['that is not an object', '[]', /^in\.jsonl, line 2: not a chat completion request: .*object/],
    ['without messages', '{"model":"m"}', /^in\.jsonl, line 2: .*messages/],
    ['with a wrong role', '{"messages":[{"role":"robot","content":"x"}]}', /^in\.jsonl, line 2: .*messages\[0\]\.role/],
  ])('rejects a line %s, naming file and line', (_what, line, message) => {
    const parse = () => parseConversations(`${GOOD}\n${line}\n`, 'in.jsonl');
    expect(parse).toThrow(message);
    expect(exitCodeOf(parse)).toBe(2);
  });

  it('rejects an empty file', () => {
    expect(() => parseConversations('\n \n', 'in.jsonl')).toThrow('in.jsonl contains no conversation');
  });
});

describe('readQuestion', () => {
  it('returns the last message of the user', () => {
    const messages = [
      { role: 'user' as const, content: 'First' },
      { role: 'user' as const, content: [{ type: 'text', text: 'Second' }, { type: 'image_url' }] },
      { role: 'assistant' as const, content: 'Answer' },
    ];
    expect(readQuestion({ messages })).toBe('Second [image_url]');
  });
});
