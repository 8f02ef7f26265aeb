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

/** Receiver of the progress of an installation. */
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
 * Installs the missing ones of `tools`; returns one result per tool, in the given order. A tool that fails does not stop
 * the others; an abort stops all and throws. When no tool is missing, nothing is locked or written.
 */
export async function installTools(options: InstallToolsOptions): Promise<ToolResult[]> {
  const results = new Map<string, ToolResult>();
  const finish = (result: ToolResult): void => {
    results.set(result.name, result);
    options.reporter.finished(result);
  };
  const missing = await reportInstalled(options.tools, options.env, finish);
  if (missing.length > 0) {
    const cache = toolsCache(options.env);
    const work = async (): Promise<void> => {
      await removePartialHomes(cache);
      // Another run may have installed some of them while this one waited for the lock.
      await installMissing(await reportInstalled(missing, options.env, finish), options, finish);
    };
    const signal = options.signal ? { signal: options.signal } : {};
    await withCacheLock(cache, work, { ...signal, onWait: (holder) => options.reporter.waiting(holder) });
  }
  return options.tools.flatMap((tool) => results.get(tool.name) ?? []);
}

async function reportInstalled(
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

/** Installs the tools of each kind in sequence and the kinds in parallel: apt-get cannot run twice at the same time. */
async function installMissing(
  tools: readonly Tool[],
  options: InstallToolsOptions,
  finish: (result: ToolResult) => void,
): Promise<void> {
  const queues = Object.values(Object.groupBy(tools, (tool) => tool.kind));
  const ended = await Promise.allSettled(
    queues.map(async (queue) => {
      for (const tool of queue) finish(await installOne(tool, options));
    }),
  );
  // Every queue has ended before the lock is released, even when one was aborted.
  const rejected = ended.find((queue) => queue.status === 'rejected');
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
      const expected = tool.kind === 'wheel' ? tool.member : tool.programs.join(', ');
      throw new BrokenToolError(`the installation succeeded, but ${expected} is still missing or does not run`);
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
