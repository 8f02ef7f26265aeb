import { createTimeSlice } from '../../../tokens/time-slice.ts';
import { scoreSentences } from './score-sentences.ts';
import { splitSentences } from './split-sentences.ts';

async function score(question: string | undefined, ...texts: string[]): Promise<number[]> {
  const slice = createTimeSlice(new AbortController().signal, 1_000);
  const sentences = (await Promise.all(texts.map((text) => splitSentences(text, slice)))).flat();
  const stems = (await splitSentences(question ?? '', slice)).flatMap((sentence) => sentence.stems);
  return scoreSentences(sentences, question === undefined ? undefined : new Set(stems), slice);
}

describe('scoreSentences', () => {
  it('weighs a rare word above a common one that is repeated', async () => {
    const scores = await score('Bridge storm', 'Bridge bridge.', 'Bridge toll.', 'Storm wind.', 'Bridge road.');
    expect(scores.indexOf(Math.max(...scores))).toBe(2);
  });

  it('scores a sentence without a word of the question 0, and no sentences not at all', async () => {
    expect((await score('storm', 'Bridge toll.', 'Storm.'))[0]).toBe(0);
    expect(await score('storm')).toEqual([]);
  });

  it('matches a longer form of a word, and not every word with the same beginning', async () => {
    const [opened = 0, operation = 0, openhearted = 0] = await score('open', 'Opened.', 'Operation.', 'Openhearted.');
    expect(opened).toBeGreaterThan(0);
    expect([operation, openhearted]).toEqual([0, 0]);
  });

  it('prefers the shorter of two sentences with the same match', async () => {
    const [long = 0, short = 0] = await score('toll', 'Toll road bridge river storm.', 'Toll road.');
    expect(short).toBeGreaterThan(long);
  });

  it('prefers a sentence that shares words with others when there is no question', async () => {
    const [alone = 0, shared = 0] = await score(undefined, 'Xylophones ring.', 'Cats hunt.', 'Cats sleep.');
    expect(alone).toBe(0);
    expect(shared).toBeGreaterThan(0);
  });
});
