import { rankByQuestion } from './rank-by-question.ts';
import { createTimeSlice } from './time-slice.ts';

function rank(question: string, ...sentences: string[]): Promise<number[]> {
  const slice = createTimeSlice(new AbortController().signal, 1_000);
  const toSentence = (text: string) => ({ text, terms: text.split(' '), paragraph: 0 });
  return rankByQuestion(question.split(' '), sentences.map(toSentence), slice);
}

describe('rankByQuestion', () => {
  it('weighs a rare word above a common one that is repeated', async () => {
    const scores = await rank('bridge storm', 'bridge bridge', 'bridge toll', 'storm wind', 'bridge road');
    expect(scores.indexOf(Math.max(...scores))).toBe(2);
  });

  it('gives 0 to a sentence without a word of the question, and nothing for no sentences', async () => {
    expect((await rank('storm', 'bridge toll', 'storm'))[0]).toBe(0);
    expect(await rank('storm')).toEqual([]);
  });

  it('finds a longer form of a word, and not any word that begins alike', async () => {
    const [opened = 0, operation = 0, opportunity = 0] = await rank('open', 'opened', 'operation', 'openhearted');
    expect(opened).toBeGreaterThan(0);
    expect([operation, opportunity]).toEqual([0, 0]);
  });

  it('prefers the shorter of two sentences with the same match', async () => {
    const [long = 0, short = 0] = await rank('toll', 'toll road bridge river storm', 'toll road');
    expect(short).toBeGreaterThan(long);
  });
});
