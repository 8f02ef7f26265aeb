import type { SchemaFlag } from './schema-flags.ts';

/** Returns the fields that flags set, as the API expects them. */
export function readFlags(
  flags: readonly SchemaFlag[],
  values: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const { field, options, negative } of flags) {
    const [main] = options;
    const value = main === undefined ? undefined : values[main.attributeName()];
    if (value !== undefined) fields[field] = value === false ? negative : value;
  }
  return fields;
}
