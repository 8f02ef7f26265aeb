import type { Variables } from '@aion/config';

/** Creates an environment file for `pnpm start`: every variable once with its description, defaults commented out. */
export function createEnvironmentExample(
  services: readonly { readonly name: string; readonly variables: Variables }[],
): string {
  const users = new Map<string, string[]>();
  const declared = new Map<string, Variables[string]>();
  for (const { name, variables } of services) {
    for (const variable of Object.values(variables)) {
      declared.set(variable.name, declared.get(variable.name) ?? variable);
      users.set(variable.name, [...(users.get(variable.name) ?? []), name]);
    }
  }
  const blocks = [...declared.values()].map((variable) => {
    const assignment = `${variable.name}=${variable.fallback ?? variable.example}`;
    const used = users.get(variable.name) ?? [];
    const by = used.length === services.length ? 'all services' : used.join(', ');
    return [`# ${variable.description} (${by})`, variable.required ? assignment : `# ${assignment}`].join('\n');
  });
  return [
    '# Environment of the four services, generated from their configuration by `pnpm generate`.',
    '# Lines that are commented out show the default, or an example value.',
    '# Secrets may be given as files instead: NAME_FILE=/path.',
    '',
    blocks.join('\n\n'),
    '',
  ].join('\n');
}
