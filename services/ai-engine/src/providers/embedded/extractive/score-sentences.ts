import type { TimeSlice } from '../../../tokens/time-slice.ts';
import type { Sentence } from './split-sentences.ts';

/**
 * Scores sentences by the inverse document frequency of the stems that they share with a question; without a question,
 * by the number of other sentences that share their stems. Discounts long sentences. Scores 0 without a shared stem.
 */
export async function scoreSentences(
  sentences: readonly Sentence[],
  question: ReadonlySet<string> | undefined,
  slice: TimeSlice,
): Promise<number[]> {
  const frequencies = new Map<string, number>();
  for (const stem of sentences.flatMap(({ stems }) => [...new Set(stems)])) {
    frequencies.set(stem, (frequencies.get(stem) ?? 0) + 1);
  }
  const averageLength = sentences.reduce((sum, { stems }) => sum + stems.length, 0) / sentences.length;
  const weigh = (stem: string): number => {
    const frequency = frequencies.get(stem) ?? 0;
    if (question === undefined) return frequency - 1;
    return question.has(stem) ? Math.log(1 + sentences.length / frequency) : 0;
  };
  const scores: number[] = [];
  for (const { text, stems } of sentences) {
    if (slice.isOver()) await slice.pause();
    const weight = [...new Set(stems)].reduce((sum, stem) => sum + weigh(stem), 0);
    // Headings name a subject without describing it: they are short and have no closing mark.
    const isHeading = stems.length <= 4 && !/[.!。！…]["'”’)\]]*$/u.test(text);
    scores.push((weight / (1 + stems.length / averageLength)) * (isHeading ? 0.25 : 1));
  }
  return scores;
}
