import type { Route } from '@aion/contracts';
import type { AionError, FieldProblem } from '@aion/errors';
import { z } from 'zod';

/**
 * Returns the body fields that an error refers to: those that it lists, or the one that its `param` names. A `param`
 * that is not a field of the body, such as a header, has no JSON Pointer.
 */
export function listErrorFields(
  { fields, param, message, status }: AionError,
  route: Route | undefined,
): readonly FieldProblem[] {
  if (fields.length > 0 || param === undefined || status >= 500) return fields;
  const isField = route?.body instanceof z.ZodObject && Object.hasOwn(route.body.shape, param);
  return isField ? [{ pointer: `/${param}`, detail: message }] : fields;
}
