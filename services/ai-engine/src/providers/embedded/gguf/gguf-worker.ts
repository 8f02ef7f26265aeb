/**
 * Main file of the child process that runs one GGUF model. It is separate from the service, so that neither a crash of
 * native code nor a busy processor affects the service. Receives commands over IPC (`types.ts`).
 */
import { getLlama, GgufFileType, LlamaChat } from 'node-llama-cpp';
import type { ChatHistoryItem, LlamaContextSequence, LlamaModel, LlamaOptions } from 'node-llama-cpp';
import type { GenerateCommand, GgufCommand, GgufEvent } from './types.ts';

/** The memory of the context is allocated at load: 94 MB for 4 096 tokens of a 135M model. */
const MAX_CONTEXT_TOKENS = 4_096;
/** Limit when the caller sets none: small models may never stop, and other requests are waiting. */
const DEFAULT_MAX_TOKENS = 512;
/** Sampling recommended for small instruction models, when the caller sets none. */
const DEFAULT_TEMPERATURE = 0.2;
const DEFAULT_TOP_P = 0.9;

interface LoadedModel {
  readonly model: LlamaModel;
  readonly sequence: LlamaContextSequence;
  readonly chat: LlamaChat;
  readonly contextTokens: number;
}

let loaded: LoadedModel | undefined;
let generating: AbortController | undefined;

// The service has exited, perhaps by SIGKILL. An orderly exit has no benefit, and native threads may block it.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
process.on('message', (command: GgufCommand) => {
  execute(command).catch((error: unknown) => {
    send({ type: 'failed', message: error instanceof Error ? error.message : String(error) });
  });
});

async function execute(command: GgufCommand): Promise<void> {
  if (command.type === 'probe') {
    await getLlama({ ...toLlamaOptions(1), dryRun: true });
    send({ type: 'probed' });
  } else if (command.type === 'load') {
    loaded = await load(command.modelPath, command.threads);
    const fileType = GgufFileType[loaded.model.fileInfo.metadata.general.file_type ?? -1] ?? 'unknown';
    send({
      type: 'ready',
      quantisation: fileType.replace(/^(?:MOSTLY|ALL)_/u, ''),
      contextTokens: loaded.contextTokens,
    });
  } else if (command.type === 'cancel') {
    generating?.abort();
  } else {
    if (loaded === undefined) throw new Error('no model is loaded');
    generating = new AbortController();
    await generate(loaded, command, generating.signal);
  }
}

/** Restricts llama.cpp to the binaries of the npm package: it is neither downloaded nor built at run time. */
function toLlamaOptions(threads: number): LlamaOptions {
  return {
    gpu: false,
    build: 'never',
    skipDownload: true,
    maxThreads: threads,
    logger: (level, message) => send({ type: 'log', message: `${level}: ${message.trim()}` }),
  };
}

async function load(modelPath: string, threads: number): Promise<LoadedModel> {
  const llama = await getLlama(toLlamaOptions(threads));
  const model = await llama.loadModel({ modelPath });
  const context = await model.createContext({ contextSize: { max: MAX_CONTEXT_TOKENS }, threads });
  const sequence = context.getSequence();
  return { model, sequence, chat: new LlamaChat({ contextSequence: sequence }), contextTokens: context.contextSize };
}

async function generate(loadedModel: LoadedModel, command: GenerateCommand, signal: AbortSignal): Promise<void> {
  const { model, sequence, chat, contextTokens } = loadedModel;
  const history = toHistory(command.messages);
  const prompt = chat.chatWrapper.generateContextState({ chatHistory: history }).contextText.tokenize(model.tokenizer);
  const room = contextTokens - prompt.length;
  if (room < 1) {
    const message = `The messages are ${prompt.length} tokens long, and this model's context is ${contextTokens} tokens. Shorten them.`;
    send({ type: 'rejected', message });
    return;
  }
  send({ type: 'started' });
  // The last conversation may have been another tenant's, and a reused prefix would not count as prompt tokens.
  await sequence.clearHistory();
  const before = sequence.tokenMeter.getState();
  let completionTokens = 0;
  try {
    const { metadata } = await chat.generateResponse(history, {
      ...toSampling(command),
      maxTokens: Math.min(command.maxTokens ?? DEFAULT_MAX_TOKENS, room),
      customStopTriggers: [...command.stop],
      signal,
      onTextChunk: (text) => send({ type: 'text', text }),
      onToken: (tokens) => (completionTokens += tokens.length),
    });
    const promptTokens = sequence.tokenMeter.diff(before).usedInputTokens;
    const finishReason = metadata.stopReason === 'maxTokens' ? 'length' : 'stop';
    send({ type: 'done', finishReason, usage: { promptTokens, completionTokens } });
  } catch (error) {
    if (!signal.aborted) throw error;
    send({ type: 'cancelled' });
  }
}

function toSampling(command: GenerateCommand): Record<string, unknown> {
  return {
    temperature: command.temperature ?? DEFAULT_TEMPERATURE,
    topP: command.topP ?? DEFAULT_TOP_P,
    ...(command.seed === undefined ? {} : { seed: command.seed }),
    repeatPenalty: {
      ...(command.frequencyPenalty === undefined ? {} : { frequencyPenalty: command.frequencyPenalty }),
      ...(command.presencePenalty === undefined ? {} : { presencePenalty: command.presencePenalty }),
    },
  };
}

/** Converts messages for the model's chat template, which treats special tokens in them as plain text. */
function toHistory(messages: GenerateCommand['messages']): ChatHistoryItem[] {
  const items = messages.map(({ role, text }): ChatHistoryItem => {
    if (role === 'assistant') return { type: 'model', response: [text] };
    if (role === 'system') return { type: 'system', text };
    return { type: 'user', text };
  });
  return [...items, { type: 'model', response: [] }];
}

function send(event: GgufEvent): void {
  process.send?.(event);
}
