import type { TimeSlice } from './time-slice.ts';

/** Counter of tokens in OpenAI's o200k_base encoding. */
export interface TokenCounter {
  count(text: string, slice: TimeSlice): Promise<number>;
  /** Truncates the text to `maxTokens` tokens, without a partial character at the end, and counts them. */
  cut(text: string, maxTokens: number, slice: TimeSlice): Promise<{ text: string; tokens: number }>;
}

/**
 * Piece of text that is counted at a time, so that counting can pause, and because merging one unbroken run of letters
 * takes quadratic time (6 s for 100 000 letters, 5 ms for 1 000). Pieces end before a space if possible, as the words of
 * the encoding do, so the count is exact for ordinary text.
 */
const PIECE = /[\s\S]{1,1000}(?=\s|$)|[\s\S]{1,1000}/gu;
/** Counts a special token in a user's text, such as `<|endoftext|>`, as ordinary text. */
const AS_PLAIN_TEXT = { disallowedSpecial: new Set<string>() };

/** Loads the encoding, which takes about 0.1 s and 76 MB once per process. Call it at the first request, not at start. */
export async function loadTokenCounter(): Promise<TokenCounter> {
  const encoding = await import('gpt-tokenizer/encoding/o200k_base');
  return {
    count: async (text, slice) => {
      let tokens = 0;
      for (const [piece] of text.matchAll(PIECE)) {
        if (slice.isOver()) await slice.pause();
        tokens += encoding.countTokens(piece, AS_PLAIN_TEXT);
      }
      return tokens;
    },
    cut: async (text, maxTokens, slice) => {
      const tokens: number[] = [];
      for (const [piece] of text.matchAll(PIECE)) {
        if (slice.isOver()) await slice.pause();
        for (const token of encoding.encode(piece, AS_PLAIN_TEXT)) {
          if (tokens.length === maxTokens)
            return { text: encoding.decode(tokens).replace(/\uFFFD+$/u, ''), tokens: maxTokens };
          tokens.push(token);
        }
      }
      return { text, tokens: tokens.length };
    },
  };
}
