import * as domainErrors from './domain-errors.ts';
import { ERROR_KINDS } from './error-kinds.ts';
import { toOpenAiError } from './to-openai-error.ts';
import { fromProblem, toProblem } from './problem.ts';

describe('domain error', () => {
  it('has a class for every code in the table', () => {
    const codes = Object.entries(domainErrors.ERROR_CLASSES).map(([code, DomainError]) => {
      expect(new DomainError('x').code).toBe(code);
      return code;
    });
    expect(codes.toSorted()).toEqual(Object.keys(ERROR_KINDS).toSorted());
  });

  it('keeps its class and fields when it is sent between services', () => {
    const sent = new domainErrors.InvalidRequestError('limit must be at most 100, not 500', {
      param: 'limit',
      fields: [{ pointer: '/limit', detail: 'must be at most 100' }],
      retryAfterSeconds: 3,
    });
    const restored = fromProblem(JSON.parse(JSON.stringify(toProblem(sent))));
    expect(restored).toBeInstanceOf(domainErrors.InvalidRequestError);
    expect(restored).toMatchObject({ code: sent.code, message: sent.message, param: 'limit', fields: sent.fields });
    expect(restored?.retryAfterSeconds).toBe(3);
    expect(restored?.status).toBe(400);
  });

  it('hides the message of an unknown error from the caller', () => {
    const thrown = new Error('password=hunter2 at db.internal');
    expect(JSON.stringify(toProblem(thrown))).not.toContain('hunter2');
    expect(JSON.stringify(toOpenAiError(thrown))).not.toContain('hunter2');
    expect(toProblem(thrown).status).toBe(500);
  });

  it("is mapped to OpenAI's error body", () => {
    expect(toOpenAiError(new domainErrors.ModelNotFoundError('no model gpt-9', { param: 'model' }))).toEqual({
      error: { message: 'no model gpt-9', type: 'invalid_request_error', param: 'model', code: 'model_not_found' },
    });
  });

  it.each([[null], ['x'], [{ code: 'NOPE', detail: 'x' }], [{ code: 'INTERNAL' }]])(
    'is not restored from %j, which is not a problem of AION',
    (body) => {
      expect(fromProblem(body)).toBeUndefined();
    },
  );
});
