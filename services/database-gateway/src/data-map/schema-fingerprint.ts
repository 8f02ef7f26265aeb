import { createHash } from 'node:crypto';
import type { LiveDefinition, LiveSchema } from './live-schema.ts';

/** What a schema is compared by: a difference is told as one of these. */
export type SchemaPart = 'columns' | 'constraints' | LiveDefinition['part'];

/** SHA-256 (hex) of each part of a schema. The same migrations give the same on every version of PostgreSQL. */
export type SchemaDigests = Readonly<Record<SchemaPart, string>>;

type Hashed = Pick<LiveSchema, 'columns' | 'constraints' | 'definitions'>;

/** Digests a schema, part by part. Month partitions and what belongs to an extension are no part of it. */
export function digestSchema({ columns, constraints, definitions }: Hashed): SchemaDigests {
  const digestPart = (part: LiveDefinition['part']): string =>
    digest(definitions.flatMap((line) => (line.part === part ? [line.definition] : [])));
  return {
    columns: digest(
      columns.map((column) => [
        ...[column.table_name, column.column_name, column.type, column.not_null, column.generated],
      ]),
    ),
    constraints: digest(constraints.map(({ table_name: table, name, definition }) => [table, name, definition])),
    tables: digestPart('tables'),
    policies: digestPart('policies'),
    functions: digestPart('functions'),
    triggers: digestPart('triggers'),
    grants: digestPart('grants'),
  };
}

/** SHA-256 (hex) over the digests of all parts: what a bundle says of the schema that it was read from. */
export function fingerprintSchema(schema: Hashed): string {
  return digest(Object.entries(digestSchema(schema)));
}

function digest(lines: readonly unknown[]): string {
  const hash = createHash('sha256');
  for (const line of lines) hash.update(`${JSON.stringify(line)}\n`);
  return hash.digest('hex');
}
