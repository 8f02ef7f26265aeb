/**
 * Function and question words that say nothing of a sentence's subject. English only: in other languages BM25's
 * inverse document frequency does the same work, less sharply.
 */
const STOP_WORDS: ReadonlySet<string> = new Set(
  (
    'a about after again all also am an and any are as at be because been before being between both but by can could ' +
    'did do does doing done each for from had has have having he her here hers him his how i if in into is it its ' +
    'just me might more most must my no nor not of off on once only or other our ours out over own please same she ' +
    'should so some such tell than that the their theirs them then there these they this those through to too under ' +
    'until up us very was we were what when where which while who whom whose why will with would you your yours'
  ).split(' '),
);

/** True for a word, in lower case, that ranking should not look at. */
export function isStopWord(word: string): boolean {
  return STOP_WORDS.has(word);
}
