import type { Route } from '@aion/contracts';
import type { AionError, FieldProblem } from '@aion/errors';
import { z } from 'zod';

/**
 * The fields of the body that an error is about: those that it lists, or the one that its `param` names, whatever was
 * wrong with it. A `param` that is no field of the body, such as a header, has no place in it.
 */
export function fieldsOf(
  { fields, param, message, status }: AionError,
  route: Route | undefined,
): readonly FieldProblem[] {
  if (fields.length > 0 || param === undefined || status >= 500) return fields;
  const isField = route?.body instanceof z.ZodObject && Object.hasOwn(route.body.shape, param);
  return isField ? [{ pointer: `/${param}`, detail: message }] : fields;
}
