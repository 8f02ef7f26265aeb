import { listOmittedProjects, OPS_ONLY_PROJECTS } from './list-omitted-projects.ts';

describe('listOmittedProjects', () => {
  const local = { isCi: false, all: false };

  it('omits the projects of ops alone when nothing in ops changed', () => {
    const changedFiles = ['packages/http/src/index.ts', 'docs/ops/a.md'];
    expect(listOmittedProjects({ ...local, changedFiles })).toEqual(OPS_ONLY_PROJECTS);
    expect(listOmittedProjects({ ...local, changedFiles: [] })).toEqual(OPS_ONLY_PROJECTS);
  });

  it.each([
    ['a file of ops changed', { ...local, changedFiles: ['README.md', 'ops/tools/main.ts'] }],
    ['it is unknown what changed', { ...local, changedFiles: undefined }],
    ['this is continuous integration', { ...local, isCi: true, changedFiles: [] }],
    ['all projects were requested', { ...local, all: true, changedFiles: [] }],
  ])('omits nothing when %s', (_, selection) => {
    expect(listOmittedProjects(selection)).toEqual([]);
  });
});
