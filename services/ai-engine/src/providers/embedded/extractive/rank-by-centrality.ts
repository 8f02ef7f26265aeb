import type { Sentence } from './text-segmenter.ts';
import type { TimeSlice } from './time-slice.ts';

/** Damping and convergence as in the paper; the bound on rounds is never met by graphs of this size in practice. */
const DAMPING = 0.85;
const TOLERANCE = 1e-4;
const MAX_ROUNDS = 50;

/**
 * Scores how central each sentence is to its text, by TextRank: PageRank over a graph whose edges weigh the words that
 * two sentences share. Time and memory grow with the square of the number of sentences: bound it before the call.
 * Source: R. Mihalcea and P. Tarau, "TextRank: Bringing Order into Texts", EMNLP 2004, section 4.
 */
export async function rankByCentrality(sentences: readonly Sentence[], slice: TimeSlice): Promise<number[]> {
  const size = sentences.length;
  const edges = await toSimilarityMatrix(sentences, slice);
  const outgoing = Array.from({ length: size }, (_, row) => {
    let sum = 0;
    for (let column = 0; column < size; column += 1) sum += edges[row * size + column] ?? 0;
    return sum;
  });
  let scores = new Array<number>(size).fill(1);
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    if (slice.isOver()) await slice.pause();
    const next = scores.map((_, row) => {
      let sum = 0;
      for (let column = 0; column < size; column += 1) {
        const weight = edges[row * size + column] ?? 0;
        if (weight > 0) sum += (weight / (outgoing[column] ?? 1)) * (scores[column] ?? 0);
      }
      return 1 - DAMPING + DAMPING * sum;
    });
    const change = Math.max(0, ...next.map((score, index) => Math.abs(score - (scores[index] ?? 0))));
    scores = next;
    if (change < TOLERANCE) break;
  }
  return scores;
}

async function toSimilarityMatrix(sentences: readonly Sentence[], slice: TimeSlice): Promise<Float64Array> {
  const size = sentences.length;
  const wordSets = sentences.map(({ terms }) => new Set(terms));
  const edges = new Float64Array(size * size);
  for (const [row, words] of wordSets.entries()) {
    if (slice.isOver()) await slice.pause();
    for (let column = 0; column < row; column += 1) {
      const weight = toSimilarity(words, wordSets[column] ?? new Set());
      edges[row * size + column] = weight;
      edges[column * size + row] = weight;
    }
  }
  return edges;
}

/** Shared words over the logarithms of both lengths; plus one, so that sentences of one word divide by no zero. */
function toSimilarity(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  const [small, large] = a.size < b.size ? [a, b] : [b, a];
  let shared = 0;
  for (const word of small) if (large.has(word)) shared += 1;
  return shared === 0 ? 0 : shared / (Math.log(1 + a.size) + Math.log(1 + b.size));
}
