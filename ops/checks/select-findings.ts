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
  /** Files and folders that are not converted yet: their findings do not count. */
  readonly pending: readonly string[];
  readonly readLine: (path: string, line: number) => string;
}

/** Returns the findings that count, and an entry for each exception or pending path that matches no finding. */
export function selectFindings(
  findings: readonly Finding[],
  { exceptions, pending, readLine }: SelectionOptions,
): { readonly selected: readonly Finding[]; readonly stale: readonly string[] } {
  const used = new Set<CheckException | string>();
  const selected = findings.filter(({ path, line, message }) => {
    const source = `${readLine(path, line)}\n${message}`;
    const excuse =
      exceptions.find((entry) => path.startsWith(entry.path ?? '') && source.includes(entry.text ?? '')) ??
      pending.find((entry) => `${path}/`.startsWith(`${entry}/`));
    if (excuse !== undefined) used.add(excuse);
    return excuse === undefined;
  });
  return {
    selected,
    stale: [
      ...exceptions
        .filter((entry) => !used.has(entry))
        .map(({ path, text }) => `exception "${text ?? path ?? ''}" excuses nothing`),
      ...pending.filter((entry) => !used.has(entry)).map((entry) => `pending path ${entry} has no violations`),
    ],
  };
}
