import { EXTRACTIVE_NOTICE } from './extract-answer.ts';
import { createExtractiveModel } from './extractive-model.ts';

const BRIDGE =
  'The Marlow Bridge was designed by Ana Ruiz in 1991. Construction took seven years and cost 48 million euros. ' +
  'The bridge opened to traffic on 12 May 1998. It carries about 30 000 vehicles a day across the river Tar. ' +
  'In 2014 a storm damaged two of its cables, and the bridge was closed for three weeks. ' +
  'The city now inspects the cables every spring.';
const OPENED = 'The bridge opened to traffic on 12 May 1998.';

/** Part of a completion that the tests read. */
interface Completion {
  readonly choices: readonly [{ readonly message: { readonly content: string }; readonly finish_reason: string }];
  readonly usage: { readonly prompt_tokens: number; readonly completion_tokens: number };
  readonly system_fingerprint: string;
}

/** Part of a stream event that the tests read. */
interface Chunk {
  readonly id: string;
  readonly object: string;
  readonly choices: readonly { readonly delta: { readonly content?: string }; readonly finish_reason: string | null }[];
  readonly usage?: { readonly completion_tokens: number } | null;
}

function toChunk(event: string): Chunk {
  const chunk: Chunk = JSON.parse(event.replace(/^data: /, ''));
  return chunk;
}

const model = createExtractiveModel();

async function readBody(body: Record<string, unknown>, stream: boolean, signal?: AbortSignal): Promise<string> {
  const call = { model: 'embedded/extractive', body, stream, signal: signal ?? new AbortController().signal };
  const response = await model.createChatCompletion(call);
  expect(response.status).toBe(200);
  expect(response.contentType).toBe(stream ? 'text/event-stream; charset=utf-8' : 'application/json');
  const chunks: Uint8Array[] = [];
  for await (const chunk of response.body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

async function complete(messages: unknown[], options: Record<string, unknown> = {}): Promise<Completion> {
  const completion: Completion = JSON.parse(await readBody({ messages, ...options }, false));
  return completion;
}

async function ask(content: string, options: Record<string, unknown> = {}): Promise<string> {
  const completion = await complete([{ role: 'user', content }], options);
  return completion.choices[0].message.content;
}

async function stream(content: string, options: Record<string, unknown> = {}): Promise<Chunk[]> {
  const text = await readBody({ messages: [{ role: 'user', content }], ...options }, true);
  const events = text.split('\n\n');
  expect(events.pop()).toBe('');
  expect(events.at(-1)).toBe('data: [DONE]');
  return events.slice(0, -1).map(toChunk);
}

async function rejectionOf(body: Record<string, unknown>) {
  const messages = [{ role: 'user', content: BRIDGE }];
  return readBody({ messages, ...body }, false).then(
    () => 'accepted',
    (error: unknown) => error,
  );
}

describe('extractive model answers a question about a text', () => {
  it.each([
    ['before the text', `When did the bridge open?\n\n${BRIDGE}`, OPENED],
    ['after the text', `${BRIDGE}\n\nWhen did the bridge open?`, OPENED],
    ['in the same paragraph', `${BRIDGE} Who designed it?`, 'The Marlow Bridge was designed by Ana Ruiz in 1991.'],
    [
      'between labels',
      `Context: ${BRIDGE}\nQuestion: How much did construction cost?\nAnswer:`,
      'Construction took seven years and cost 48 million euros.',
    ],
    [
      'in German',
      'Die Brücke wurde 1998 eröffnet. Der Bau kostete 48 Millionen Euro. Ein Sturm beschädigte zwei Seile.\n\nWie viel kostete der Bau?',
      'Der Bau kostete 48 Millionen Euro.',
    ],
    [
      'in Japanese',
      '橋は1998年に開通しました。建設費は4800万ユーロでした。嵐で二本のケーブルが損傷しました。\n\n建設費はいくらですか？',
      '建設費は4800万ユーロでした。',
    ],
    [
      'that has headings and lists',
      '# Refund policy\n\n- Customers may return goods within 30 days.\n- Refunds are paid to the card that\nwas used.\n\n# Shipping\n\nWe ship in two days.\n\nTell me about refunds.',
      'Refunds are paid to the card that was used.',
    ],
  ])('when the question is %s', async (_, content, answer) => {
    expect(await ask(content)).toBe(answer);
  });

  it('when the text is in an earlier message, and omits instructions and its own notices', async () => {
    const completion = await complete([
      { role: 'system', content: 'You answer questions about names.' },
      { role: 'user', content: [{ type: 'text', text: 'My name is Ada and I live in Lisbon.' }] },
      { role: 'assistant', content: `${EXTRACTIVE_NOTICE}: no sentence contains your name.` },
      { role: 'user', content: 'What is my name?' },
    ]);
    expect(completion.choices[0].message.content).toBe('My name is Ada and I live in Lisbon.');
  });

  it('when the text is a long system message', async () => {
    const completion = await complete([
      { role: 'system', content: BRIDGE },
      { role: 'user', content: 'What happened in the storm?' },
    ]);
    expect(completion.choices[0].message.content).toContain('In 2014 a storm damaged two of its cables');
  });

  it('when the text exceeds the limit and the question is at its end', async () => {
    const filler = 'Nothing of note was written down on that quiet day. '.repeat(12_000);
    expect(await ask(`${filler}\n\n${BRIDGE}\n\nWhen did the bridge open?`)).toBe(OPENED);
  });
});

describe('extractive model summarises', () => {
  it('a text with its central sentences in their order', async () => {
    const summary = await ask(`Summarise the following text:\n\n${BRIDGE}`);
    const sentences = summary.split(/(?<=\.) /);
    expect(sentences).toHaveLength(2);
    const positions = sentences.map((sentence) => BRIDGE.indexOf(sentence));
    expect(positions.every((position) => position >= 0)).toBe(true);
    expect(positions).toEqual(positions.toSorted((a, b) => a - b));
  });

  it('in the requested number of sentences, as a list on request', async () => {
    expect((await ask(`${BRIDGE}\n\nSummarize this in one sentence.`)).split('. ')).toHaveLength(1);
    const list = await ask(`Summarise this in three bullet points: ${BRIDGE}`);
    expect(list.split('\n').map((line) => line.slice(0, 2))).toEqual(['- ', '- ', '- ']);
  });

  it('with a sentence that shares words with others rather than one that shares none', async () => {
    const text =
      'Cats sleep for most of the day. Cats hunt at night. Xylophones ring. Cats that hunt at night sleep in the day.';
    expect(await ask(`${text}\n\nSummarise in one sentence.`)).toBe('Cats that hunt at night sleep in the day.');
  });
});

describe('extractive model', () => {
  it.each(['Hello!', 'Write a poem about rain.'])(
    'identifies itself and quotes the request "%s" when it has no answer',
    async (content) => {
      const answer = await ask(content);
      expect(answer.startsWith(EXTRACTIVE_NOTICE)).toBe(true);
      expect(answer).toContain(`"${content}"`);
    },
  );

  it('returns an OpenAI completion with its fingerprint and usage', async () => {
    const messages = [{ role: 'user', content: `${BRIDGE}\n\nWhen did the bridge open?` }];
    expect(await complete(messages, { model: 'an alias' })).toEqual({
      id: expect.stringMatching(/^chatcmpl-/),
      object: 'chat.completion',
      created: expect.any(Number),
      model: 'embedded/extractive',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: OPENED, refusal: null },
          logprobs: null,
          finish_reason: 'stop',
        },
      ],
      usage: { prompt_tokens: 97, completion_tokens: 13, total_tokens: 110 },
      system_fingerprint: 'aion-extractive-2',
    });
  });

  it.each(['max_tokens', 'max_completion_tokens'])('ends the answer at %s with finish_reason length', async (limit) => {
    const messages = [{ role: 'user', content: `${BRIDGE}\n\nWhen did the bridge open?` }];
    const completion = await complete(messages, { [limit]: 5 });
    expect(completion.choices[0].message.content).toBe('The bridge opened to traffic');
    expect(completion.choices[0].finish_reason).toBe('length');
    expect(completion.usage.completion_tokens).toBe(5);
  });

  it('ends the answer before the first stop sequence', async () => {
    const question = `${BRIDGE}\n\nWhen did the bridge open?`;
    expect(await ask(question, { stop: ['1998', ' on'] })).toBe('The bridge opened to traffic');
    expect(await ask(question, { stop: ' opened' })).toBe('The bridge');
  });

  it('treats a special token in the text of a user as ordinary text', async () => {
    expect(await ask('<|endoftext|>')).toContain('<|endoftext|>');
  });

  it('streams the role, the same text in pieces and the finish, without usage', async () => {
    const chunks = await stream(`${BRIDGE}\n\nWhen did the bridge open?`);
    expect(chunks[0]?.choices[0]?.delta).toEqual({ role: 'assistant', content: '' });
    expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).toBe(OPENED);
    expect(chunks.length).toBeGreaterThan(4);
    expect(chunks.at(-1)?.choices).toEqual([{ index: 0, delta: {}, logprobs: null, finish_reason: 'stop' }]);
    expect(new Set(chunks.map(({ id, object }) => `${id} ${object}`)).size).toBe(1);
    expect(chunks.some((chunk) => 'usage' in chunk)).toBe(false);
  });

  it('streams usage last when include_usage is set', async () => {
    const options = { stream_options: { include_usage: true }, max_tokens: 5 };
    const chunks = await stream(`${BRIDGE}\n\nWhen did the bridge open?`, options);
    expect(chunks.at(-1)).toMatchObject({
      choices: [],
      usage: { prompt_tokens: 97, completion_tokens: 5, total_tokens: 102 },
    });
    expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe('length');
    expect(chunks.slice(0, -1).every(({ usage }) => usage === null)).toBe(true);
  });

  it.each([
    ['n', { n: 2 }],
    ['response_format', { response_format: { type: 'json_object' } }],
    ['response_format', { response_format: { type: 'json_schema', json_schema: {} } }],
    ['tool_choice', { tools: [], tool_choice: 'required' }],
    ['tool_choice', { tools: [], tool_choice: { type: 'function', function: { name: 'f' } } }],
    ['function_call', { function_call: { name: 'f' } }],
    ['logprobs', { logprobs: true }],
    ['modalities', { modalities: ['text', 'audio'] }],
    ['max_tokens', { max_tokens: 0 }],
    ['messages', { messages: [] }],
    [
      'messages.0.content.0.type',
      { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:,' } }] }] },
    ],
  ])('rejects an unsupported or invalid %s: %j', async (param, body) => {
    expect(await rejectionOf(body)).toMatchObject({ code: 'INVALID_REQUEST', param });
  });

  it('answers in text when tools are optional', async () => {
    expect(await ask(`${BRIDGE}\n\nWhen did the bridge open?`, { tools: [{}], tool_choice: 'auto' })).toBe(OPENED);
  });

  it('throws the reason of a signal that is aborted before or during its work', async () => {
    const body = { messages: [{ role: 'user', content: `${`${BRIDGE} `.repeat(2_000)}\n\nSummarise.` }] };
    await expect(readBody(body, false, AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone');
    const aborter = new AbortController();
    const answer = readBody(body, false, aborter.signal);
    setImmediate(() => aborter.abort(new Error('gone later')));
    await expect(answer).rejects.toThrow('gone later');
  });

  it('lets the event loop run while it processes a long conversation', async () => {
    let turns = 0;
    const count = (): void => {
      turns += 1;
      timer = setImmediate(count);
    };
    let timer = setImmediate(count);
    const text = Array.from({ length: 4_000 }, (_, index) => `Sentence ${index} is on subject ${index % 97}.`).join(
      ' ',
    );
    await ask(`${text}\n\nSummarise.`);
    clearImmediate(timer);
    expect(turns).toBeGreaterThan(3);
  });
});
