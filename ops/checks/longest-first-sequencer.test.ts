import { orderByDuration, type TestFile } from './longest-first-sequencer.ts';

function createFile(path: string, lane: string, options: { bytes?: number; duration?: number } = {}): TestFile {
  const { bytes = 0, duration } = options;
  return {
    path,
    duration,
    context: { config: { displayName: { name: `http:${lane}` } }, hasteFS: { getSize: () => bytes } },
  };
}

const orderOf = (files: readonly TestFile[]): string[] => orderByDuration(files).map(({ path }) => path);

describe('orderByDuration', () => {
  it('orders files by their last known duration, longest first', () => {
    const files = [
      createFile('a', 'unit', { duration: 20 }),
      createFile('b', 'unit', { duration: 300 }),
      createFile('c', 'unit', { duration: 100 }),
    ];
    expect(orderOf(files)).toEqual(['b', 'c', 'a']);
  });

  it('assumes that unknown end-to-end tests are longer than integration tests, and those longer than unit tests', () => {
    const files = [createFile('a', 'unit'), createFile('b', 'e2e'), createFile('c', 'integration')];
    expect(orderOf(files)).toEqual(['b', 'c', 'a']);
  });

  it('orders unknown files of one lane by size', () => {
    const files = [createFile('small', 'e2e', { bytes: 100 }), createFile('large', 'e2e', { bytes: 20_000 })];
    expect(orderOf(files)).toEqual(['large', 'small']);
  });

  it('orders known and unknown files together', () => {
    const files = [
      createFile('new', 'integration'),
      createFile('long', 'unit', { duration: 50_000 }),
      createFile('short', 'e2e', { duration: 200 }),
    ];
    expect(orderOf(files)).toEqual(['long', 'new', 'short']);
  });

  it('returns every file once', () => {
    const files = Array.from({ length: 50 }, (_, index) => createFile(`file-${index}`, 'unit', { bytes: index * 7 }));
    expect(orderOf(files).toSorted()).toEqual(files.map(({ path }) => path).toSorted());
  });
});
