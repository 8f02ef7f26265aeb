import type { Sentence } from './text-segmenter.ts';
import type { TimeSlice } from './time-slice.ts';

/** Usual BM25 constants: how soon repeats of a word stop counting, and how far long sentences are discounted. */
const K1 = 1.2;
const B = 0.75;
/** Endings that a word may have beyond its stem: "open" finds "opened" and "opening". */
const MAX_SUFFIX_CHARS = 3;
const MIN_STEM_CHARS = 4;
const MAX_QUESTION_TERMS = 64;

/**
 * Scores each sentence against a question by Okapi BM25, a sentence being the document.
 * A score is 0 when the sentence shares no word with the question. Time: sentences x words x question words.
 * Source: S. Robertson and H. Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009, eq. 3.15,
 * with the inverse document frequency ln(1 + ...) that is never negative.
 */
export async function rankByQuestion(
  questionTerms: readonly string[],
  sentences: readonly Sentence[],
  slice: TimeSlice,
): Promise<number[]> {
  const terms = [...new Set(questionTerms)].slice(0, MAX_QUESTION_TERMS);
  const frequencies: number[][] = [];
  for (const sentence of sentences) {
    if (slice.isOver()) await slice.pause();
    frequencies.push(terms.map((term) => sentence.terms.filter((word) => isSameWord(term, word)).length));
  }
  const averageLength = sentences.reduce((sum, { terms: words }) => sum + words.length, 0) / sentences.length;
  const weights = terms.map((_, index) => {
    const holding = frequencies.filter((row) => (row[index] ?? 0) > 0).length;
    return Math.log(1 + (sentences.length - holding + 0.5) / (holding + 0.5));
  });
  return sentences.map((sentence, row) => {
    const lengthNorm = K1 * (1 - B + (B * sentence.terms.length) / averageLength);
    return weights.reduce((score, weight, index) => {
      const frequency = frequencies[row]?.[index] ?? 0;
      return score + (weight * frequency * (K1 + 1)) / (frequency + lengthNorm);
    }, 0);
  });
}

function isSameWord(a: string, b: string): boolean {
  if (a === b) return true;
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  return short.length >= MIN_STEM_CHARS && long.length - short.length <= MAX_SUFFIX_CHARS && long.startsWith(short);
}
