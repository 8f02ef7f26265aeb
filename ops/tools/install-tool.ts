import { installGoTool } from './install-go-tool.ts';
import { installNpmTool } from './install-npm-tool.ts';
import { installPipTool } from './install-pip-tool.ts';
import { installWheelTool } from './install-wheel-tool.ts';
import type { InstallContext } from './install-context.ts';
import type { Tool } from './tool.ts';

/** Installs one tool with the installer of its kind, which cleans up when it throws. */
export async function installTool(tool: Tool, context: InstallContext): Promise<void> {
  switch (tool.kind) {
    case 'debian':
      return context.system.install(tool, context.onLine);
    case 'pip':
      return installPipTool(tool, context);
    case 'go':
      return installGoTool(tool, context);
    case 'npm':
      return installNpmTool(tool, context);
    case 'wheel':
      return installWheelTool(tool, context);
  }
}
