import { createHash } from 'node:crypto';
import type { LiveDefinition, LiveSchema } from './live-schema.ts';

/** Part of a schema that is compared separately, and named in the description of a difference. */
export type SchemaPart = 'columns' | 'constraints' | LiveDefinition['part'];

/** SHA-256 (hex) of each part of a schema; equal for the same migrations on every version of PostgreSQL. */
export type SchemaDigests = Readonly<Record<SchemaPart, string>>;

type Hashed = Pick<LiveSchema, 'columns' | 'constraints' | 'definitions'>;

/** Computes the digest of each part of a schema, without month partitions and objects of extensions. */
export function digestSchema({ columns, constraints, definitions }: Hashed): SchemaDigests {
  const digestPart = (part: LiveDefinition['part']): string =>
    digest(definitions.flatMap((line) => (line.part === part ? [line.definition] : [])));
  return {
    columns: digest(
      columns.map((column) => [column.table_name, column.column_name, column.type, column.not_null, column.generated]),
    ),
    constraints: digest(constraints.map(({ table_name: table, name, definition }) => [table, name, definition])),
    tables: digestPart('tables'),
    policies: digestPart('policies'),
    functions: digestPart('functions'),
    triggers: digestPart('triggers'),
    grants: digestPart('grants'),
  };
}

/** Computes the SHA-256 (hex) over the digests of all parts, which a bundle contains as its schema. */
export function fingerprintSchema(schema: Hashed): string {
  return digest(Object.entries(digestSchema(schema)));
}

function digest(lines: readonly unknown[]): string {
  const hash = createHash('sha256');
  for (const line of lines) hash.update(`${JSON.stringify(line)}\n`);
  return hash.digest('hex');
}
