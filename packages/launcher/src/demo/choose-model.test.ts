import { chooseModel } from './choose-model.ts';

const BOTH = ['openai/gpt', 'embedded/extractive', 'embedded/smollm2-135m-instruct'];

describe('chooseModel', () => {
  it('returns the embedded language model if there is one and --no-model is not given', () => {
    expect(chooseModel(BOTH, undefined)).toBe('embedded/smollm2-135m-instruct');
    expect(chooseModel(BOTH, true)).toBe('embedded/smollm2-135m-instruct');
    expect(chooseModel(BOTH, false)).toBe('embedded/extractive');
  });

  it('returns the extractive model if there is no other, and throws if --model is given', () => {
    expect(chooseModel(['embedded/extractive'], undefined)).toBe('embedded/extractive');
    expect(() => chooseModel(['embedded/extractive'], true)).toThrow('--model');
  });
});
