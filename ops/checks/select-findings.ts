/** A violation of a check at a line of a file. */
export interface Finding {
  readonly path: string;
  readonly line: number;
  readonly message: string;
}

/** A permitted violation: its path begins with `path`, and `text`, if given, is part of its line or message. */
export interface CheckException {
  readonly path?: string;
  readonly text?: string;
  readonly reason: string;
}

/** Options of `selectFindings`. */
export interface SelectionOptions {
  readonly exceptions: readonly CheckException[];
  readonly readLine: (path: string, line: number) => string;
}

/** Returns the findings that no exception covers, and a message for each exception that matches no finding. */
export function selectFindings(
  findings: readonly Finding[],
  { exceptions, readLine }: SelectionOptions,
): { readonly selected: readonly Finding[]; readonly stale: readonly string[] } {
  const used = new Set<CheckException>();
  const selected = findings.filter(({ path, line, message }) => {
    const source = `${readLine(path, line)}\n${message}`;
    const excuse = exceptions.find((entry) => path.startsWith(entry.path ?? '') && source.includes(entry.text ?? ''));
    if (excuse !== undefined) used.add(excuse);
    return excuse === undefined;
  });
  return {
    selected,
    stale: exceptions
      .filter((entry) => !used.has(entry))
      .map(({ path, text }) => `exception "${text ?? path ?? ''}" excuses nothing`),
  };
}
