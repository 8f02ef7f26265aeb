import * as domainErrors from './domain-errors.ts';
import { ERROR_KINDS } from './error-kinds.ts';
import { toOpenAiError } from './openai-error.ts';
import { fromProblem, toProblem } from './problem.ts';

describe('a domain error', () => {
  it('exists as a class for every row of the table', () => {
    const codes = Object.entries(domainErrors.ERROR_CLASSES).map(([code, DomainError]) => {
      expect(new DomainError('x').code).toBe(code);
      return code;
    });
    expect(codes.toSorted()).toEqual(Object.keys(ERROR_KINDS).toSorted());
  });

  it('survives the wire between two services', () => {
    const sent = new domainErrors.InvalidRequestError('limit must be at most 100, not 500', {
      param: 'limit',
      fields: [{ pointer: '/limit', detail: 'must be at most 100' }],
      retryAfterSeconds: 3,
    });
    const revived = fromProblem(JSON.parse(JSON.stringify(toProblem(sent))));
    expect(revived).toBeInstanceOf(domainErrors.InvalidRequestError);
    expect(revived).toMatchObject({ code: sent.code, message: sent.message, param: 'limit', fields: sent.fields });
    expect(revived?.retryAfterSeconds).toBe(3);
    expect(revived?.status).toBe(400);
  });

  it('keeps the message of an unknown error to itself', () => {
    const thrown = new Error('password=hunter2 at db.internal');
    expect(JSON.stringify(toProblem(thrown))).not.toContain('hunter2');
    expect(JSON.stringify(toOpenAiError(thrown))).not.toContain('hunter2');
    expect(toProblem(thrown).status).toBe(500);
  });

  it("takes OpenAI's shape on /v1", () => {
    expect(toOpenAiError(new domainErrors.ModelNotFoundError('no model gpt-9', { param: 'model' }))).toEqual({
      error: { message: 'no model gpt-9', type: 'invalid_request_error', param: 'model', code: 'model_not_found' },
    });
  });

  it.each([[null], ['x'], [{ code: 'NOPE', detail: 'x' }], [{ code: 'INTERNAL' }]])(
    'is not revived from %j, which is no problem of ours',
    (body) => {
      expect(fromProblem(body)).toBeUndefined();
    },
  );
});
