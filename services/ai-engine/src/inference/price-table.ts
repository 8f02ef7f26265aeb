import { z } from 'zod';

const price = z.strictObject({ input: z.number().min(0), output: z.number().min(0) });
const table = z.record(z.string(), price).refine((prices) => 'default' in prices, 'must have a price for "default"');

/** US dollars per million tokens by model; `default` applies to models that are not listed. */
export type PriceTable = z.output<typeof table>;

/** Parses a price table. Reports errors as a zod issue, for configuration messages. */
export function parsePriceTable(text: string, context: z.RefinementCtx): PriceTable {
  const parsed = table.safeParse(tryParse(text));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue === undefined || issue.path.length === 0 ? 'the document' : issue.path.join('.');
  context.addIssue(`must be JSON of prices: ${where}: ${issue?.message ?? 'is not valid'}`);
  return z.NEVER;
}

/** Returns the cost of a call in micro-dollars, rounded up: dollars per million tokens are micro-dollars per token. */
export function costMicroUsd(
  prices: PriceTable,
  call: {
    readonly provider: string;
    readonly model: string;
    readonly promptTokens: number;
    readonly completionTokens: number;
  },
): number {
  if (call.provider === 'embedded') return 0;
  const perToken = prices[call.model] ?? prices['default'];
  if (perToken === undefined) return 0;
  return Math.ceil(call.promptTokens * perToken.input + call.completionTokens * perToken.output);
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The schema rejects the text, since it is not an object of prices.
    return text;
  }
}
