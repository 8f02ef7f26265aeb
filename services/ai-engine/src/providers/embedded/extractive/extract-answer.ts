import type { ChatMessage } from '../chat-request.ts';
import { collectSources } from './collect-sources.ts';
import { explainNoAnswer, joinSentences } from './compose-answer.ts';
import { rankByCentrality } from './rank-by-centrality.ts';
import { rankByQuestion } from './rank-by-question.ts';
import { asksForSummary, toQuestionTerms } from './split-request.ts';
import type { Sentence, TextSegmenter } from './text-segmenter.ts';
import type { TimeSlice } from './time-slice.ts';

/** TextRank compares every pair of sentences: of a longer text, this many at even distances stand for it. */
const MAX_SUMMARISED_SENTENCES = 400;
const MAX_ANSWER_SENTENCES = 3;
/** A sentence is told beside the best one when it scores at least this part of it. */
const MIN_SCORE_OF_BEST = 0.6;
const MAX_DEFAULT_SUMMARY_SENTENCES = 5;
const MAX_ASKED_SUMMARY_SENTENCES = 20;
/** Headings are short and close with no mark; they name a subject and tell nothing of it. */
const HEADING = { maxTerms: 4, discount: 0.25 };

const NUMBER_WORDS = ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'];
const ASKED_LENGTH = new RegExp(
  `\\b(\\d{1,2}|${NUMBER_WORDS.join('|')})\\b[\\w\\s-]{0,20}?\\b(?:sentence|point|bullet|line)`,
  'iu',
);
const ASKED_SINGLE = /\b(?:a|single) (?:single )?sentence\b/iu;
const ASKED_LIST = /\bbullets?\b|\blist\b|\bpoints\b/iu;

/**
 * Answers a conversation out of its own text: the sentences nearest to the question, or the most central ones when a
 * summary is asked for, in the order in which they stand. Deterministic.
 * @throws the slice's abort reason.
 */
export async function extractAnswer(
  messages: readonly ChatMessage[],
  segmenter: TextSegmenter,
  slice: TimeSlice,
): Promise<string> {
  const { request, ownText, allText } = await collectSources(messages, segmenter, slice);
  const asked = joinSentences(request, false);
  const wantsSummary = request.length === 0 || request.some(({ text }) => asksForSummary(text));
  if (wantsSummary) {
    const text = ownText.length > 1 ? ownText : allText;
    if (text.length === 0) return explainNoAnswer(request);
    return joinSentences(await summarise(text, asked, slice), ASKED_LIST.test(asked));
  }
  const answer = await findAnswer(toQuestionTerms(request), allText, slice);
  return answer.length === 0 ? explainNoAnswer(request) : joinSentences(answer, false);
}

async function summarise(text: readonly Sentence[], asked: string, slice: TimeSlice): Promise<Sentence[]> {
  const candidates = thinOut(text, MAX_SUMMARISED_SENTENCES);
  const scores = await rankByCentrality(candidates, slice);
  return pickBest(candidates, discountHeadings(candidates, scores), toSummaryLength(asked, text.length));
}

async function findAnswer(
  terms: readonly string[],
  text: readonly Sentence[],
  slice: TimeSlice,
): Promise<readonly Sentence[]> {
  const scores = discountHeadings(text, await rankByQuestion(terms, text, slice));
  const best = scores.reduce((max, score) => Math.max(max, score), 0);
  if (best === 0) return [];
  return pickBest(text, scores, MAX_ANSWER_SENTENCES, best * MIN_SCORE_OF_BEST);
}

/** The best-scored sentences, at least `minScore`, in their own order; the earlier of two equals wins. */
function pickBest(
  sentences: readonly Sentence[],
  scores: readonly number[],
  maxSentences: number,
  minScore = 0,
): Sentence[] {
  return sentences
    .map((sentence, index) => ({ sentence, index, score: scores[index] ?? 0 }))
    .filter(({ score }) => score >= minScore)
    .sort((a, b) => b.score - a.score || a.index - b.index)
    .slice(0, maxSentences)
    .sort((a, b) => a.index - b.index)
    .map(({ sentence }) => sentence);
}

function discountHeadings(sentences: readonly Sentence[], scores: readonly number[]): number[] {
  return sentences.map(({ text, terms }, index) => {
    const isHeading = terms.length <= HEADING.maxTerms && !/[.!。！…]["'”’)\]]*$/u.test(text);
    return (scores[index] ?? 0) * (isHeading ? HEADING.discount : 1);
  });
}

function thinOut(sentences: readonly Sentence[], maxSentences: number): readonly Sentence[] {
  if (sentences.length <= maxSentences) return sentences;
  const step = sentences.length / maxSentences;
  return sentences.filter((_, index) => Math.floor(index / step) !== Math.floor((index - 1) / step));
}

/** The length that the request names, else a third of the text within bounds. */
function toSummaryLength(asked: string, sentenceCount: number): number {
  const named = ASKED_LENGTH.exec(asked)?.[1]?.toLowerCase();
  if (named !== undefined) {
    const count = NUMBER_WORDS.includes(named) ? NUMBER_WORDS.indexOf(named) + 1 : Number(named);
    return Math.min(Math.max(count, 1), MAX_ASKED_SUMMARY_SENTENCES);
  }
  if (ASKED_SINGLE.test(asked)) return 1;
  return Math.min(Math.ceil(sentenceCount / 3), MAX_DEFAULT_SUMMARY_SENTENCES);
}
