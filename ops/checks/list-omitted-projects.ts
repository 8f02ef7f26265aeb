/** Jest projects that test nothing but `ops` itself, and take long. */
export const OPS_ONLY_PROJECTS: readonly string[] = ['bench:integration', 'tools:integration'];

/** What decides which projects `pnpm test` runs. */
export interface Selection {
  /** Paths that differ from the main branch, from the root of the repository; undefined when that is unknown. */
  readonly changedFiles: readonly string[] | undefined;
  /** Whether this is continuous integration. */
  readonly isCi: boolean;
  /** Whether all projects were requested. */
  readonly all: boolean;
}

/** Lists the projects that a run leaves out: those of `ops` alone, when nothing in `ops` changed. */
export function listOmittedProjects({ changedFiles, isCi, all }: Selection): readonly string[] {
  if (isCi || all || changedFiles === undefined) return [];
  return changedFiles.some((path) => path.startsWith('ops/')) ? [] : OPS_ONLY_PROJECTS;
}
