import { isStopWord } from './stop-words.ts';
import type { TimeSlice } from './time-slice.ts';

/** A sentence, with the words by which it is compared. */
export interface Sentence {
  readonly text: string;
  /** Normalised words without stop words, in order, with repeats. */
  readonly terms: readonly string[];
  /** Index of its paragraph in the text. */
  readonly paragraph: number;
}

/** Cuts text of any language into sentences and words, by Unicode's rules (UAX #29, through `Intl.Segmenter`). */
export interface TextSegmenter {
  toSentences(text: string, slice: TimeSlice): Promise<Sentence[]>;
  /** The normalised words of a text; stop words stay only when it has nothing else. */
  toTerms(text: string): string[];
}

const LIST_OR_HEADING_MARK = /^(?:#{1,6}|[-*\u2022>]|\d{1,2}[.)])\s+/u;
/** A line that goes on in the next one: no closing mark at its end, a small letter or digit at the next one's start. */
const SOFT_LINE_BREAK = /([^\s.!?:;\u3002\uFF01\uFF1F|])[ \t]*\r?\n[ \t]*(?=[\p{Ll}\d(])/gu;

/** Creates a segmenter; it holds two ICU segmenters, so keep one per model rather than one per call. */
export function createTextSegmenter(): TextSegmenter {
  const sentenceSegmenter = new Intl.Segmenter('en', { granularity: 'sentence' });
  const wordSegmenter = new Intl.Segmenter('en', { granularity: 'word' });

  const toTerms = (text: string): string[] => {
    const words: string[] = [];
    for (const { segment, isWordLike } of wordSegmenter.segment(text.normalize('NFKC').toLowerCase())) {
      if (isWordLike === true) words.push(segment.replace(/['\u2019]s$/u, ''));
    }
    const kept = words.filter((word) => !isStopWord(word));
    return (kept.length > 0 ? kept : words).map(stripPlural);
  };

  return {
    toTerms,
    toSentences: async (text, slice) => {
      const sentences: Sentence[] = [];
      const paragraphs = text.split(/\r?\n[ \t]*\r?\n/u);
      for (const [paragraph, paragraphText] of paragraphs.entries()) {
        for (const { segment } of sentenceSegmenter.segment(paragraphText.replace(SOFT_LINE_BREAK, '$1 '))) {
          if (slice.isOver()) await slice.pause();
          const sentence = segment.trim().replace(LIST_OR_HEADING_MARK, '');
          if (/[\p{L}\p{N}]/u.test(sentence)) sentences.push({ text: sentence, terms: toTerms(sentence), paragraph });
        }
      }
      return sentences;
    },
  };
}

/**
 * The "S" stemmer: joins English plurals to their singular and leaves the rest alone.
 * Source: D. Harman, "How effective is suffixing?", JASIS 42(1), 1991.
 */
function stripPlural(word: string): string {
  if (word.length < 4) return word;
  if (/[^ae]ies$/u.test(word)) return `${word.slice(0, -3)}y`;
  if (/[^aeo]es$/u.test(word)) return word.slice(0, -1);
  return /[^us]s$/u.test(word) ? word.slice(0, -1) : word;
}
