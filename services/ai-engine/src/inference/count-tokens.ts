import { loadTokenCounter, type TokenCounter } from '../tokens/token-counter.ts';
import { createTimeSlice } from '../tokens/time-slice.ts';

const SLICE_MS = 10;
const NEVER = new AbortController().signal;
let loading: Promise<TokenCounter> | undefined;

/** Counts the tokens of a text in OpenAI's o200k_base encoding: an estimate for providers that report no usage. */
export async function countTokens(text: string): Promise<number> {
  if (text === '') return 0;
  loading ??= loadTokenCounter();
  return (await loading).count(text, createTimeSlice(NEVER, SLICE_MS));
}
