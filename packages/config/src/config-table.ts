import type { Variables } from './load-config.ts';

/** Renders variables as a Markdown table for a service's README. */
export function configTable(variables: Variables): string {
  const rows = Object.values(variables).map(({ name, description, example, fallback, required, secret }) => {
    const names = secret ? `\`${name}\`, \`${name}_FILE\`` : `\`${name}\``;
    const defaultValue = fallback !== undefined ? `\`${fallback}\`` : required ? 'required' : 'unset';
    return `| ${names} | ${defaultValue} | ${description} | \`${example}\` |`;
  });
  return ['| variable | default | meaning | example |', '| --- | --- | --- | --- |', ...rows].join('\n');
}
