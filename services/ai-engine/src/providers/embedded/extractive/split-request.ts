import type { Sentence } from './text-segmenter.ts';

/** A message cut into what it asks and the text that it brings along. */
export interface SplitMessage {
  readonly request: readonly Sentence[];
  readonly text: readonly Sentence[];
}

const SUMMARY_WORDS =
  /\b(?:summar(?:y|ies|i[sz]e|i[sz]ing)|sum(?:ming)? up|tl;?dr|(?:key|main) (?:points?|ideas?)|gist|condense|shorten|recap|résume[rz]?|résumé|resum(?:e|en|ir|a)|riassum\w*|riassunto|zusammenfass\w*|fass\w* .*zusammen|samenvat\w*|sammanfatt\w*)\b|要約|总结|總結|摘要|概括|요약|резюмируй|кратко изложи/iu;
const ASKS = /[?？؟]["'”’)\]]*$/u;
const INTRODUCES = /[:：]$/u;
const LABEL = /^(?:question|q|query|frage|pregunta|domanda|task|instruction)\s*[:：]/iu;
const MAX_REQUEST_TERMS = 25;
const MAX_BARE_REQUEST_SENTENCES = 2;

/** True when the sentence asks for a summary, in one of the larger languages. */
export function asksForSummary(sentence: string): boolean {
  return SUMMARY_WORDS.test(sentence);
}

/** True when the sentence is put to the model (a question, an instruction that introduces a text) rather than told. */
export function isRequest(sentence: Sentence): boolean {
  if (ASKS.test(sentence.text) || INTRODUCES.test(sentence.text) || LABEL.test(sentence.text)) return true;
  return sentence.terms.length <= MAX_REQUEST_TERMS && asksForSummary(sentence.text);
}

/**
 * Finds the request at the beginning and the end of a message, since people put a question before or after the text
 * that it is about. Without a recognisable request, a one-sentence paragraph at either end of a longer message is
 * taken for one; a message of one or two sentences is all request; anything longer is all text.
 */
export function splitRequest(sentences: readonly Sentence[]): SplitMessage {
  const isRequestAt = sentences.map(isRequest);
  const firstText = isRequestAt.indexOf(false);
  if (firstText === -1) return { request: sentences, text: [] };
  const lastText = isRequestAt.lastIndexOf(false);
  const request = [...sentences.slice(0, firstText), ...sentences.slice(lastText + 1)];
  const text = sentences.slice(firstText, lastText + 1);
  if (request.length > 0) return { request, text };
  if (sentences.length <= MAX_BARE_REQUEST_SENTENCES) return { request: sentences, text: [] };
  return splitByParagraph(sentences);
}

/** The words to search for: the questions when there are any, since the rest only introduces them. */
export function toQuestionTerms(request: readonly Sentence[]): string[] {
  const questions = request.filter(({ text }) => ASKS.test(text) || LABEL.test(text));
  return (questions.length > 0 ? questions : request).flatMap(({ terms }) => terms);
}

function splitByParagraph(sentences: readonly Sentence[]): SplitMessage {
  const last = sentences.at(-1);
  const first = sentences[0];
  for (const edge of [last, first]) {
    const paragraph = sentences.filter((sentence) => sentence.paragraph === edge?.paragraph);
    if (paragraph.length === 1) return { request: paragraph, text: sentences.filter((sentence) => sentence !== edge) };
  }
  return { request: [], text: sentences };
}
