import { DATA_MAP } from '../../services/database-gateway/src/data-map/data-map.ts';
import { planErasure } from '../../services/database-gateway/src/data-map/erasure-plan.ts';
import { QUEUE_TABLES } from '../../services/database-gateway/src/data-map/queue-tables.ts';
import { SCHEMA_OBJECTS } from '../../services/database-gateway/src/data-map/schema-objects.ts';
import type { ColumnEntry, TableEntry } from '../../services/database-gateway/src/data-map/table-entry.ts';

const entries: readonly (readonly [string, TableEntry])[] = Object.entries(DATA_MAP);

/** Creates the record of processing from the data map. */
export function createDataMapDocument(): string {
  return [
    '# Data map',
    '',
    'A record of processing: the data that AION stores in PostgreSQL, its owner, and its treatment by export, erasure and',
    'retention. Generated from `services/database-gateway/src/data-map` by `pnpm generate`. A test compares that declaration',
    'with a migrated database, and a running platform compares it with its own: while they differ, exports are rejected.',
    '',
    '- **Classes of data**: `identity` (persons), `content` (prompts and completions), `accounting` (usage), `secret` (hashes',
    '  and encrypted credentials), `operational` (operation of the platform).',
    '- **Owner**: `tenant`, each row belongs to one tenant; `shared`, to a tenant, or to the platform where the tenant is',
    '  null; `platform`, to no tenant. All but the last are separated by row-level security.',
    '',
    '## Tables',
    '',
    table(
      ['table', 'purpose', 'owner', 'path to the tenant', 'export', 'erasure', 'retention class'],
      entries.map(overview),
    ),
    '',
    '## Columns',
    '',
    ...entries.flatMap(([name, entry]) => [`### ${name}`, '', columns(entry), '']),
    ...erasure(),
    '## Other database objects',
    '',
    'No other object may exist: no view, foreign table or large object, and no other function that runs as the owner.',
    '',
    table(
      ['object', 'purpose'],
      Object.entries(SCHEMA_OBJECTS).map(([name, purpose]) => [`\`${name}\``, purpose]),
    ),
    '',
    '## The database of the queue',
    '',
    "Only where BullMQ runs on PostgreSQL. AION's jobs contain ids and never content; an erasure purges a tenant's jobs.",
    '',
    table(
      ['table', 'contents'],
      Object.entries(QUEUE_TABLES).map(([name, purpose]) => [`\`${name}\``, purpose]),
    ),
    '',
  ].join('\n');
}

function overview([name, entry]: readonly [string, TableEntry]): string[] {
  const { purpose, owner, exportPolicy, retention } = entry;
  const exported = exportPolicy === 'rows' ? 'yes' : `no: ${exportPolicy.excluded}`;
  return [`[${name}](#${name})`, purpose, owner, tenantPathOf(entry), exported, describeErasure(entry), retention];
}

function tenantPathOf({ tenantPath }: TableEntry): string {
  if (tenantPath === null) return 'none';
  if (!('through' in tenantPath)) return `\`${tenantPath.column}\``;
  return `\`${tenantPath.through}.${tenantPath.reference}\` to \`${tenantPath.key}\``;
}

function describeErasure({ erasure: strategy }: TableEntry): string {
  return typeof strategy === 'string' ? strategy : `retained until ${strategy.until}: ${strategy.retain}`;
}

function columns({ columns: declared, primaryKey }: TableEntry): string {
  const rows = Object.entries(declared).map(([name, column]) => {
    const { dataClass, excluded, anonymize } = toObject(column);
    const notes = [
      ...(primaryKey.includes(name) ? ['primary key'] : []),
      ...(excluded === undefined ? [] : [`not exported: ${excluded}`]),
      ...(anonymize === true ? ['cleared by an erasure'] : []),
    ];
    return [`\`${name}\``, dataClass, notes.join('; ')];
  });
  return table(['column', 'class', 'note'], rows);
}

function toObject(column: ColumnEntry): Exclude<ColumnEntry, string> {
  return typeof column === 'string' ? { dataClass: column } : column;
}

function erasure(): string[] {
  const { steps, following, retained } = planErasure(DATA_MAP);
  return [
    '## Order of an erasure',
    '',
    'Referencing rows are deleted before the rows that they reference.',
    '',
    ...steps.map(({ table: name, strategy, anonymized }, at) => {
      const cleared = anonymized.map((column) => `\`${column}\``).join(', ');
      return `${at + 1}. \`${name}\`: ${strategy}${cleared === '' ? '' : ` (${cleared})`}`;
    }),
    '',
    'Deleted by the database with the last row that references a tenant; persons in another tenant are retained:',
    '',
    ...following.map(({ table: name, through }) => `- \`${name}\`, with the last of \`${through}\``),
    '',
    'Retained:',
    '',
    ...retained.map(({ table: name, reason, until }) => `- \`${name}\`, until ${until}. ${reason}`),
    '',
  ];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
