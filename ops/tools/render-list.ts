import type { InstalledTool, Tool } from './tool.ts';

/** Row of `--list`. */
export interface ToolListing {
  name: string;
  kind: Tool['kind'];
  optional: boolean;
  summary: string;
  /** Version in the catalogue; null when the distribution determines it. */
  pinned: string | null;
  /** Null when the tool is not installed. */
  installed: { version: string; path: string } | null;
}

/** Joins the catalogue with the installed tools. */
export function listTools(tools: readonly Tool[], installed: readonly InstalledTool[]): ToolListing[] {
  return tools.map((tool) => {
    const found = installed.find((entry) => entry.name === tool.name);
    return {
      name: tool.name,
      kind: tool.kind,
      optional: tool.optional === true,
      summary: tool.summary,
      pinned: tool.kind === 'debian' ? null : tool.pinned,
      installed: found ? { version: found.version, path: found.path } : null,
    };
  });
}

/** Renders the rows as an aligned table with a heading. */
export function renderList(listings: readonly ToolListing[]): string {
  const rows = listings.map((row) => [
    row.name,
    row.installed?.version ?? '-',
    row.kind,
    row.optional ? 'optional' : 'default',
    row.summary,
    row.installed?.path ?? '',
  ]);
  const table = [['name', 'installed', 'kind', 'set', 'for', 'path'], ...rows];
  const widths = table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? [];
  const line = (row: string[]): string => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ');
  return table.map((row) => `${line(row).trimEnd()}\n`).join('');
}
