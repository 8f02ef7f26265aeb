import type { Sentence } from './text-segmenter.ts';

const MAX_QUOTED_CHARS = 200;
const NO_SPACE_AFTER = /[。！？]$/u;

/** How every answer begins in which the model has nothing to extract. */
export const EXTRACTIVE_NOTICE = "This is AION's built-in extractive model";

/** Sentences as running text, or as a list. */
export function joinSentences(sentences: readonly Sentence[], asList: boolean): string {
  if (asList) return sentences.map(({ text }) => `- ${text}`).join('\n');
  return sentences.reduce((joined, { text }) => {
    if (joined === '') return text;
    return `${joined}${NO_SPACE_AFTER.test(joined) ? '' : ' '}${text}`;
  }, '');
}

/** The plain answer when no sentence of the conversation can be given, with the request that it could not meet. */
export function explainNoAnswer(request: readonly Sentence[]): string {
  const asked = joinSentences(request, false);
  const quoted = asked.length > MAX_QUOTED_CHARS ? `${asked.slice(0, MAX_QUOTED_CHARS).trimEnd()}...` : asked;
  const found = quoted === '' ? 'there is no text in it yet' : `it holds nothing that answers "${quoted}"`;
  return (
    `${EXTRACTIVE_NOTICE}: it answers with sentences from the conversation's own text, and ${found}. ` +
    'Send a text together with a question about it, or ask for a summary of it. For answers in free form, ' +
    'configure a provider or bring a language model with "aion model pull".'
  );
}
