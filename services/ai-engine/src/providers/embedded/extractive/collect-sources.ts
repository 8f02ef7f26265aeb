import type { ChatMessage } from '../chat-request.ts';
import { EXTRACTIVE_NOTICE } from './compose-answer.ts';
import { isRequest, splitRequest } from './split-request.ts';
import type { Sentence, TextSegmenter } from './text-segmenter.ts';
import type { TimeSlice } from './time-slice.ts';

/** Of a longer conversation the newest text is read, and of one longer message its two ends. */
const MAX_CHARS = 400_000;
/** Sentences that are ranked at most, in the same order of preference. */
const MAX_SENTENCES = 5_000;
/** A shorter system message is an instruction ("You are a helpful assistant."), not a text to answer from. */
const MIN_SYSTEM_SENTENCES = 3;

/** What a conversation gives an extractive model to work with. */
export interface Sources {
  /** The last user message's question or instruction; empty when it brings only text. */
  readonly request: readonly Sentence[];
  /** The text in that same message, in its order. */
  readonly ownText: readonly Sentence[];
  /** All text of the conversation, oldest first, each sentence once. */
  readonly allText: readonly Sentence[];
}

/** Reads a conversation from its end, within fixed bounds on characters and sentences. */
export async function collectSources(
  messages: readonly ChatMessage[],
  segmenter: TextSegmenter,
  slice: TimeSlice,
): Promise<Sources> {
  const lastUserIndex = Math.max(
    messages.findLastIndex(({ role }) => role === 'user'),
    0,
  );
  const bounds = { chars: MAX_CHARS, sentences: MAX_SENTENCES };
  const read = async (message: ChatMessage): Promise<Sentence[]> => {
    const text = keepEnds(message.text, bounds.chars).join('\n\n');
    const sentences = keepEnds(await segmenter.toSentences(text, slice), bounds.sentences).flat();
    bounds.chars -= text.length;
    bounds.sentences -= sentences.length;
    return sentences;
  };
  const lastUser = messages[lastUserIndex];
  const split = splitRequest(lastUser === undefined ? [] : await read(lastUser));
  const texts: (readonly Sentence[])[] = new Array<readonly Sentence[]>(messages.length).fill([]);
  texts[lastUserIndex] = split.text;
  for (let index = messages.length - 1; index >= 0; index -= 1) {
    const message = messages[index];
    if (message === undefined || index === lastUserIndex || bounds.chars <= 0 || bounds.sentences <= 0) continue;
    texts[index] = toSourceText(message, await read(message));
  }
  return { request: split.request, ownText: split.text, allText: withoutRepeats(texts.flat()) };
}

function toSourceText(message: ChatMessage, sentences: readonly Sentence[]): readonly Sentence[] {
  if (message.role === 'system' && sentences.length < MIN_SYSTEM_SENTENCES) return [];
  if (message.role === 'assistant' && message.text.startsWith(EXTRACTIVE_NOTICE)) return [];
  return sentences.filter((sentence) => !isRequest(sentence));
}

/** The whole, or its two halves at the ends: a request stands at either end of what it is about. */
function keepEnds<Whole extends string | Sentence[]>(whole: Whole, maxLength: number): Whole[] {
  if (whole.length <= maxLength) return [whole];
  const half = Math.floor(maxLength / 2);
  // Slicing a string gives a string and slicing an array an array; the compiler does not follow it through `Whole`.
  return [whole.slice(0, half) as Whole, whole.slice(whole.length - half) as Whole];
}

/** An earlier answer of this model repeats its source: keep the first of each. */
function withoutRepeats(sentences: readonly Sentence[]): Sentence[] {
  return [...new Map(sentences.map((sentence) => [sentence.text, sentence])).values()];
}
