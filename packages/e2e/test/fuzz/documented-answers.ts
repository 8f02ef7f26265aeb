import { createOpenApiDocument, type Route } from '@aion/contracts';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import * as formats from 'ajv-formats';
import type { FuzzAnswer } from './send-case.ts';

/** Compares responses with an OpenAPI document. */
export interface DocumentedAnswers {
  /** Lists differences between the response and the document. */
  undocumented(route: Route, answer: FuzzAnswer): readonly string[];
}

interface Operation {
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, unknown>> } | undefined>>;
}

/** Creates {@link DocumentedAnswers} from the OpenAPI document of the routes. */
export function createDocumentedAnswers(routes: readonly Route[]): DocumentedAnswers {
  const document = createOpenApiDocument('0.0.0', routes);
  const ajv = new Ajv2020({ strict: false, allErrors: false });
  formats.default.default(ajv);
  ajv.addSchema(document, 'openapi');
  const validators = new Map<string, ValidateFunction>();
  const validatorOf = (pointer: string): ValidateFunction => {
    const known = validators.get(pointer) ?? ajv.compile({ $ref: `openapi#${pointer}` });
    validators.set(pointer, known);
    return known;
  };
  return {
    undocumented: (route, answer) => {
      const method = route.method.toLowerCase();
      // The types of the generator contain neither these routes nor lower-case methods.
      const paths = document.paths as Readonly<Record<string, Readonly<Record<string, Operation | undefined>>>>;
      const response = paths[route.path]?.[method]?.responses[String(answer.status)];
      if (response === undefined) return [`status ${answer.status} is not documented`];
      const type = (answer.headers['content-type'] ?? '').split(';')[0] ?? '';
      if (type === '' && response.content === undefined) return answer.body === '' ? [] : ['a body is not documented'];
      if (response.content?.[type] === undefined)
        return [`content type "${type}" of ${answer.status} is not documented`];
      if (!type.endsWith('json')) return [];
      const steps = ['paths', route.path, method, 'responses', String(answer.status), 'content', type, 'schema'];
      const validate = validatorOf(
        steps.map((step) => `/${encodeURIComponent(step.replaceAll('~', '~0').replaceAll('/', '~1'))}`).join(''),
      );
      return validate(parse(answer.body))
        ? []
        : [`the body differs from its schema: ${ajv.errorsText(validate.errors)}`];
    },
  };
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return body; // No schema accepts a string instead of an object.
  }
}
