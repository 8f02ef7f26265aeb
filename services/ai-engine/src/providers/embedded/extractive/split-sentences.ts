import type { TimeSlice } from '../../../tokens/time-slice.ts';

/** Sentence with the stems of its words, without stop words. */
export interface Sentence {
  readonly text: string;
  readonly stems: readonly string[];
}

/** English words without a subject. In other languages the weights of stems have the same effect, less sharply. */
const STOP_WORDS = new Set(
  (
    'a about an and any are as at be been but by can could did do does for from give had has have he her his how i if ' +
    'in into is it its me more most my no not of on or our please she should so some tell than that the their them ' +
    'then there these they this those to up us was we were what when where which who why will with would you your'
  ).split(' '),
);
const LIST_OR_HEADING_MARK = /^(?:#{1,6}|[-*•>]|\d{1,2}[.)])\s+/u;
/** Line break within a sentence: no closing mark before it, a small letter or digit after it. */
const SOFT_LINE_BREAK = /([^\s.!?:;。！？|])[ \t]*\r?\n[ \t]*(?=[\p{Ll}\d(])/gu;
const sentenceSegmenter = new Intl.Segmenter('en', { granularity: 'sentence' });
const wordSegmenter = new Intl.Segmenter('en', { granularity: 'word' });

/** Splits text of any language into sentences by Unicode's rules (UAX #29). */
export async function splitSentences(text: string, slice: TimeSlice): Promise<Sentence[]> {
  const sentences: Sentence[] = [];
  for (const { segment } of sentenceSegmenter.segment(text.replace(SOFT_LINE_BREAK, '$1 '))) {
    if (slice.isOver()) await slice.pause();
    const sentence = segment.trim().replace(LIST_OR_HEADING_MARK, '');
    if (/[\p{L}\p{N}]/u.test(sentence)) sentences.push({ text: sentence, stems: toStems(sentence) });
  }
  return sentences;
}

/** Returns words without common English endings, so that "open" matches "opened" and "opening". */
function toStems(text: string): string[] {
  const segments = [...wordSegmenter.segment(text.normalize('NFKC').toLowerCase())];
  const words = segments.flatMap(({ segment, isWordLike }) => (isWordLike === true ? [segment] : []));
  const subjects = words.filter((word) => !STOP_WORDS.has(word));
  return (subjects.length > 0 ? subjects : words).map((word) =>
    word
      .replace(/['’]s$/u, '')
      .replace(/(?<=\p{L}{3})s$/u, '')
      .replace(/(?<=\p{L}{3})(?:ing|ed|e|y)$/u, ''),
  );
}
