import { chooseModel } from './tell-conversations.ts';

const BOTH = ['openai/gpt', 'embedded/extractive', 'embedded/smollm2-135m-instruct'];

describe("the requests' default model", () => {
  it('is the embedded language model when there is one, unless it is not wanted', () => {
    expect(chooseModel(BOTH, undefined)).toBe('embedded/smollm2-135m-instruct');
    expect(chooseModel(BOTH, true)).toBe('embedded/smollm2-135m-instruct');
    expect(chooseModel(BOTH, false)).toBe('embedded/extractive');
  });

  it('is the extractive model when there is no other, unless another is demanded', () => {
    expect(chooseModel(['embedded/extractive'], undefined)).toBe('embedded/extractive');
    expect(() => chooseModel(['embedded/extractive'], true)).toThrow('--model');
  });
});
