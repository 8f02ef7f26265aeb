import { UnknownToolError } from './tool-errors.ts';
import type { Tool } from './tool.ts';

/** Selection of tools on the command line. */
export interface ToolSelection {
  /** Names of tools; empty selects the default set, every tool that is not optional. */
  names: string[];
  /** Selects every tool, including optional ones. */
  all: boolean;
}

/** Returns the selected tools in the catalogue's order, each once. Throws {@link UnknownToolError}. */
export function selectTools(catalogue: readonly Tool[], selection: ToolSelection): Tool[] {
  const known = catalogue.map((tool) => tool.name);
  const unknown = selection.names.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new UnknownToolError(unknown, known);
  if (selection.all) return [...catalogue];
  if (selection.names.length === 0) return catalogue.filter((tool) => tool.optional !== true);
  return catalogue.filter((tool) => selection.names.includes(tool.name));
}
