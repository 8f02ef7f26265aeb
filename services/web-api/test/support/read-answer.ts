import type { Route } from '@aion/contracts';
import { z } from 'zod';

const openAiError = z.object({
  error: z.object({ message: z.string(), type: z.string(), param: z.string().nullable(), code: z.string().nullable() }),
});
const problem = z.object({
  code: z.string(),
  detail: z.string(),
  param: z.string().optional(),
  errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).optional(),
});

/** Reads the JSON answer of a route, and asserts that it contains exactly the fields of its contract. */
export async function readAnswer<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, R extends z.ZodType>(
  route: Route<P, Q, B, R>,
  answer: Response,
): Promise<z.output<R>> {
  if (route.response.json === undefined) throw new Error(`${route.name} does not answer with JSON`);
  const value: unknown = await answer.json();
  const parsed = route.response.json.parse(value);
  // The parser drops fields that the contract does not declare: none may have been sent.
  expect(value).toEqual(parsed);
  return parsed;
}

/** Reads an error in OpenAI's shape. */
export async function readOpenAiError(answer: Response) {
  return openAiError.parse(await answer.json()).error;
}

/** Reads an error as problem details. */
export async function readProblem(answer: Response) {
  return problem.parse(await answer.json());
}
