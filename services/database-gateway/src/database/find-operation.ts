/** Operation of a query in telemetry; `CALL` is a call of functions that serve all tenants. */
export type Operation = 'SELECT' | 'INSERT' | 'UPDATE' | 'DELETE' | 'COPY' | 'CALL';

const VERB = /^\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b/;
/** First data-modifying statement among the common table expressions of a WITH. */
const MODIFYING_VERB = /\(\s*(INSERT|UPDATE|DELETE)\b/;
/** The texts with WITH are constants, and long ones are on the hot path. */
const operationsOfWith = new Map<string, Operation>();

/** Returns the operation of an SQL text: its verb, or for WITH the first verb that modifies data. */
export function findOperation(text: string): Operation {
  const verb = VERB.exec(text)?.[1];
  // The pattern contains no other verbs; tests run other statements, such as DO, as probes.
  if (verb !== 'WITH') return (verb ?? 'SELECT') as Operation;
  let operation = operationsOfWith.get(text);
  if (operation === undefined) {
    operation = (MODIFYING_VERB.exec(text)?.[1] ?? 'SELECT') as Operation; // likewise
    operationsOfWith.set(text, operation);
  }
  return operation;
}
