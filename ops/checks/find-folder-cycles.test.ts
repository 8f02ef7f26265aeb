import { findFolderCycles } from './find-folder-cycles.ts';

const edges = (...pairs: readonly (readonly [from: string, to: string])[]): { from: string; to: string }[] =>
  pairs.map(([from, to]) => ({ from: `packages/a/src/${from}`, to: `packages/a/src/${to}` }));

describe('findFolderCycles', () => {
  it('reports a cycle between two folders once, with the imports that close it', () => {
    const cycles = findFolderCycles(edges(['keys/a.ts', 'admission/b.ts'], ['admission/c.ts', 'keys/d.ts']), []);
    expect(cycles).toHaveLength(1);
    expect(cycles[0]).toBe(
      'folder-cycle: packages/a/src/admission -> packages/a/src/keys -> packages/a/src/admission ' +
        '(packages/a/src/admission/c.ts -> packages/a/src/keys/d.ts; packages/a/src/keys/a.ts -> packages/a/src/admission/b.ts)',
    );
  });

  it('reports a cycle of three folders and files in deeper folders', () => {
    const cycles = findFolderCycles(edges(['x/deep/a.ts', 'y/b.ts'], ['y/b.ts', 'z/c.ts'], ['z/c.ts', 'x/d.ts']), []);
    expect(cycles).toHaveLength(1);
  });

  it('reports a cycle through a file in src', () => {
    expect(findFolderCycles(edges(['main.ts', 'x/a.ts'], ['x/b.ts', 'main.ts']), [])).toHaveLength(1);
  });

  it.each([
    ['folders without a cycle', edges(['x/a.ts', 'y/b.ts'], ['x/a.ts', 'z/c.ts'], ['z/c.ts', 'y/b.ts'])],
    ['two files of src around a folder', edges(['create.ts', 'x/a.ts'], ['x/a.ts', 'config.ts'])],
    ['a folder and its own subfolder', edges(['x/a.ts', 'x/deep/b.ts'], ['x/deep/b.ts', 'x/c.ts'])],
    ['an import of a test', edges(['x/a.test.ts', 'y/b.ts'], ['y/b.ts', 'x/c.ts'])],
    [
      'folders of two packages',
      [
        { from: 'packages/a/src/x/a.ts', to: 'packages/b/src/y/b.ts' },
        { from: 'packages/b/src/y/b.ts', to: 'packages/a/src/x/a.ts' },
      ],
    ],
  ])('passes %s', (_, imports) => {
    expect(findFolderCycles(imports, [])).toEqual([]);
  });

  it('excuses the imports of a listed file', () => {
    const imports = edges(['x/a.ts', 'y/b.ts'], ['y/b.ts', 'x/c.ts']);
    expect(findFolderCycles(imports, [{ file: 'packages/a/src/x/a.ts' }])).toEqual([]);
  });

  it('reports an exception that is part of no cycle', () => {
    expect(findFolderCycles(edges(['x/a.ts', 'y/b.ts']), [{ file: 'packages/a/src/x/a.ts' }])).toEqual([
      'folder-cycle: the exception for packages/a/src/x/a.ts excuses nothing, remove it from its list',
    ]);
  });
});
