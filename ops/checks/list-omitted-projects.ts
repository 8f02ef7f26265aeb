/** Jest projects that take long and test only `ops` itself. */
export const OPS_ONLY_PROJECTS: readonly string[] = ['bench:integration', 'tools:integration'];

/** Conditions that select the projects of `pnpm test`. */
export interface Selection {
  /** Paths that differ from the main branch, from the root of the repository; undefined when that is unknown. */
  readonly changedFiles: readonly string[] | undefined;
  /** True in continuous integration. */
  readonly isCi: boolean;
  /** True when all projects were requested. */
  readonly all: boolean;
}

/** Lists the projects that a run omits: those that test `ops` alone, when nothing in `ops` changed. */
export function listOmittedProjects({ changedFiles, isCi, all }: Selection): readonly string[] {
  if (isCi || all || changedFiles === undefined) return [];
  return changedFiles.some((path) => path.startsWith('ops/')) ? [] : OPS_ONLY_PROJECTS;
}
