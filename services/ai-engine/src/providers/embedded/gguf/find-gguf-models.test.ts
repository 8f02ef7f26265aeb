import { nameGgufModels } from './find-gguf-models.ts';

const toIds = (...fileNames: string[]): string[] => nameGgufModels(fileNames).map(({ id }) => id);

describe('nameGgufModels', () => {
  it.each([
    ['SmolLM2-135M-Instruct.Q4_1.gguf', 'embedded/smollm2-135m-instruct'],
    ['Llama-3.2-1B-Instruct-Q4_K_M.GGUF', 'embedded/llama-3.2-1b-instruct'],
    ['qwen-iq2_xxs.gguf', 'embedded/qwen'],
    ['tiny-f16.gguf', 'embedded/tiny'],
    ['My model (v2).gguf', 'embedded/my-model-v2'],
    ['q4.gguf', 'embedded/q4'],
  ])('names %s %s', (fileName, id) => {
    expect(toIds(fileName)).toEqual([id]);
  });

  it('retains the quantisation of files that would share a name', () => {
    expect(toIds('a.Q8_0.gguf', 'a.Q4_1.gguf', 'b.Q4_1.gguf')).toEqual([
      'embedded/a.q4_1',
      'embedded/a.q8_0',
      'embedded/b',
    ]);
  });

  it('lists a split model once and omits files that are not models', () => {
    const names = [
      'big-Q4_0-00001-of-00002.gguf',
      'big-Q4_0-00002-of-00002.gguf',
      'mmproj-x.gguf',
      'a.txt',
      'a.gguf.part',
    ];
    expect(nameGgufModels(names)).toEqual([{ id: 'embedded/big', fileName: 'big-Q4_0-00001-of-00002.gguf' }]);
  });
});
