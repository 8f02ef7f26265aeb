import { existsSync } from 'node:fs';
import path from 'node:path';

/** Returns the models folder: `AION_MODELS_DIR`, else `.aion/models` of the checkout that contains `cwd`, else of `cwd`. */
export function findModelsDir(env: NodeJS.ProcessEnv, cwd: string): string {
  const configured = env['AION_MODELS_DIR'];
  if (configured !== undefined && configured !== '') return path.resolve(cwd, configured);
  return path.join(findCheckoutRoot(cwd) ?? cwd, '.aion', 'models');
}

function findCheckoutRoot(directory: string): string | undefined {
  if (existsSync(path.join(directory, 'pnpm-workspace.yaml'))) return directory;
  const parent = path.dirname(directory);
  return parent === directory ? undefined : findCheckoutRoot(parent);
}
