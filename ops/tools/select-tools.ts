import { UnknownToolError } from './tool-errors.ts';
import type { Tool } from './tool.ts';

/** What a person asked for. */
export interface ToolSelection {
  /** Empty means the default set: every tool that is not optional. */
  names: string[];
  /** Optional tools too. */
  all: boolean;
}

/** The asked-for tools in the catalogue's order, each once. Throws {@link UnknownToolError}. */
export function selectTools(catalogue: readonly Tool[], selection: ToolSelection): Tool[] {
  const known = catalogue.map((tool) => tool.name);
  const unknown = selection.names.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new UnknownToolError(unknown, known);
  if (selection.all) return [...catalogue];
  if (selection.names.length === 0) return catalogue.filter((tool) => tool.optional !== true);
  return catalogue.filter((tool) => selection.names.includes(tool.name));
}
