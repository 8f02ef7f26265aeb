/**
 * Main file of the child process in which one GGUF model runs, apart from the service so that a crash of native code
 * or a full processor does not take the service along. It is told what to do over IPC (`gguf-protocol.ts`).
 */
import { getLlama, GgufFileType, LlamaChat } from 'node-llama-cpp';
import type { ChatHistoryItem, LlamaContextSequence, LlamaModel, LlamaOptions } from 'node-llama-cpp';
import type { GenerateCommand, GgufCommand, GgufEvent } from './gguf-protocol.ts';

/** A longer context costs memory from the start: 4 096 tokens of a 135M model hold 94 MB. */
const MAX_CONTEXT_TOKENS = 4_096;
/** When the caller sets no limit: small models may ramble, and others wait for their turn. */
const DEFAULT_MAX_TOKENS = 512;
/** What the makers of small instruction models advise, when the caller asks for nothing else. */
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

// The service has gone, perhaps by SIGKILL: nothing here is worth an orderly exit, which native threads may block.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
process.on('message', (command: GgufCommand) => {
  obey(command).catch((error: unknown) => {
    send({ type: 'failed', message: error instanceof Error ? error.message : String(error) });
  });
});

async function obey(command: GgufCommand): Promise<void> {
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

/** Only a binary that came with the package: AION neither downloads nor builds llama.cpp at run time. */
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
    const message = `The messages are ${prompt.length} tokens long; this model's context holds ${contextTokens}: shorten them.`;
    send({ type: 'refused', message });
    return;
  }
  send({ type: 'started' });
  // Nothing of the last conversation stays, which may have been another tenant's; and prompt tokens are counted whole.
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

/** The model's own chat template turns this into its prompt; text that spells its special tokens stays plain text. */
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
