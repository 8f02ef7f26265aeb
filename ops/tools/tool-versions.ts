import { catalogue } from './catalogue.ts';
import { locateTool } from './locate-tool.ts';
import { selectTools } from './select-tools.ts';
import type { InstalledTool } from './tool.ts';

/**
 * Returns the installed versions and absolute paths of the named tools, in the catalogue's order, without missing tools. No
 * names selects every tool. Throws `UnknownToolError`.
 */
export async function toolVersions(
  names: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<InstalledTool[]> {
  const tools = selectTools(catalogue, { names: [...names], all: names.length === 0 });
  const located = await Promise.all(tools.map((tool) => locateTool(tool, env)));
  return located.filter((tool) => tool !== null);
}
