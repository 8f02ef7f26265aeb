import type { TimeSlice } from '../../../tokens/time-slice.ts';
import type { ChatMessage } from '../chat-request.ts';
import { scoreSentences } from './score-sentences.ts';
import { splitSentences, type Sentence } from './split-sentences.ts';

/** Beginning of every answer for which the conversation contains no sentence. */
export const EXTRACTIVE_NOTICE = "This is AION's built-in extractive model";

/** The newest characters of a conversation that are read. */
const MAX_CHARS = 400_000;
/** A shorter system message is an instruction ("You are a helpful assistant."), not a source. */
const MIN_SYSTEM_SENTENCES = 3;
const MAX_ANSWER_SENTENCES = 3;
/** Sentences that score less than this part of the best one do not belong to the answer. */
const MIN_SCORE_OF_BEST = 0.6;
const REQUEST =
  /[?？]["'”’)\]]*$|[:：]$|^(?:question|q|frage|pregunta|domanda)\s*[:：]|^(?:please|tell|explain|describe|list|give|show|write) /iu;
const SUMMARY =
  /\b(?:summar(?:y|i[sz]e)|sum up|tl;?dr|(?:key|main) points|gist|résum|riassum|zusammenfass)|要約|总结/iu;
const NUMBERS = ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'];
const LENGTH = new RegExp(
  `\\b(\\d{1,2}|${NUMBERS.join('|')})\\b[\\w\\s-]{0,20}?\\b(?:sentence|point|bullet|line)`,
  'iu',
);

/**
 * Answers the last user message with sentences of the conversation, in their order: those that match its question best,
 * or the most central ones for a summary. @throws the slice's abort reason
 */
export async function extractAnswer(messages: readonly ChatMessage[], slice: TimeSlice): Promise<string> {
  const lastUser = Math.max(0, messages.map(({ role }) => role).lastIndexOf('user'));
  let budget = MAX_CHARS;
  const read = (text: string): Promise<Sentence[]> => {
    const newest = text.slice(Math.max(0, text.length - budget));
    budget -= newest.length;
    return splitSentences(newest, slice);
  };
  const [request, ownText] = splitRequest(await read(messages[lastUser]?.text ?? ''));
  const texts = [ownText];
  for (const message of messages.toSpliced(lastUser, 1).toReversed()) {
    texts.unshift(toSource(message, await read(message.text)));
  }
  const requestText = join(request);
  const isSummary = request.length === 0 || SUMMARY.test(requestText);
  const text = isSummary && ownText.length > 1 ? ownText : texts.flat();
  // A repeated sentence, for example in an earlier answer, counts once.
  const sentences = [...new Map(text.map((sentence) => [sentence.text, sentence])).values()];
  const question = isSummary ? undefined : new Set(request.flatMap(({ stems }) => stems));
  const scores = await scoreSentences(sentences, question, slice);
  const best = scores.reduce((max, score) => Math.max(max, score), 0);
  if (sentences.length === 0 || (best === 0 && !isSummary)) return explainNoAnswer(requestText);
  const answer = [...sentences.keys()]
    .filter((index) => isSummary || (scores[index] ?? 0) >= best * MIN_SCORE_OF_BEST)
    .sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0))
    .slice(0, isSummary ? toSummaryLength(requestText, sentences.length) : MAX_ANSWER_SENTENCES)
    .sort((a, b) => a - b)
    .flatMap((index) => sentences[index] ?? []);
  const isList = isSummary && /\b(?:bullets?|list|points)\b/iu.test(requestText);
  return isList ? answer.map((sentence) => `- ${sentence.text}`).join('\n') : join(answer);
}

function toSource({ role, text }: ChatMessage, sentences: readonly Sentence[]): readonly Sentence[] {
  if (role === 'system' && sentences.length < MIN_SYSTEM_SENTENCES) return [];
  if (role === 'assistant' && text.startsWith(EXTRACTIVE_NOTICE)) return [];
  return sentences.filter((sentence) => !isRequest(sentence));
}

/** Reports whether a sentence is a question or an instruction, or introduces a text. */
function isRequest({ text, stems }: Sentence): boolean {
  return REQUEST.test(text) || (stems.length <= 20 && SUMMARY.test(text));
}

/** Separates the request at the ends of a message from its text; one or two sentences are a request only. */
function splitRequest(all: readonly Sentence[]): [request: readonly Sentence[], text: readonly Sentence[]] {
  const isText = all.map((sentence) => !isRequest(sentence));
  const first = isText.indexOf(true);
  const end = isText.lastIndexOf(true) + 1;
  if (first === -1 || (all.length <= 2 && end - first === all.length)) return [all, []];
  return [[...all.slice(0, first), ...all.slice(end)], all.slice(first, end)];
}

/** Returns the requested number of sentences, at most 20; without one a third of the text, at most 5. */
function toSummaryLength(request: string, sentenceCount: number): number {
  const requested = LENGTH.exec(request)?.[1]?.toLowerCase();
  if (requested === undefined) return Math.min(Math.ceil(sentenceCount / 3), 5);
  return Math.min(NUMBERS.indexOf(requested) + 1 || Number(requested), 20);
}

function join(sentences: readonly Sentence[]): string {
  const text = sentences.map((sentence) => sentence.text).join(' ');
  return text.replace(/(?<=[。！？]) /gu, '');
}

function explainNoAnswer(request: string): string {
  const quoted = request.length > 200 ? `${request.slice(0, 200).trimEnd()}...` : request;
  const reason = quoted === '' ? 'there is no text in it yet' : `it contains no answer to "${quoted}"`;
  return (
    `${EXTRACTIVE_NOTICE}: it answers with sentences from the text of the conversation, and ${reason}. Send a text ` +
    'together with a question about it, or ask for a summary of it. For answers in free form, configure a provider or ' +
    'download a language model with "aion model pull".'
  );
}
