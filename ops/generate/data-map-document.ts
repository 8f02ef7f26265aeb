import { DATA_MAP } from '../../services/database-gateway/src/data-map/data-map.ts';
import { planErasure } from '../../services/database-gateway/src/data-map/erasure-plan.ts';
import { QUEUE_TABLES } from '../../services/database-gateway/src/data-map/queue-tables.ts';
import { SCHEMA_OBJECTS } from '../../services/database-gateway/src/data-map/schema-objects.ts';
import type { ColumnEntry, TableEntry } from '../../services/database-gateway/src/data-map/table-entry.ts';

const entries: readonly (readonly [string, TableEntry])[] = Object.entries(DATA_MAP);

/** The record of processing, from the data map. */
export function createDataMapDocument(): string {
  return [
    '# Data map',
    '',
    'A record of processing: what AION keeps in PostgreSQL, whose it is, and what export, erasure and retention do with',
    'it. Made from `services/database-gateway/src/data-map` by `pnpm generate`. A test compares that declaration with a',
    'migrated database, and a running platform compares it with its own: while they differ, exports are refused.',
    '',
    '- **Classes of data**: `identity` (who), `content` (what was written), `accounting` (what was used), `secret`',
    '  (hashes and sealed credentials), `operational` (how it works).',
    '- **Rows of**: `tenant`, one tenant each; `shared`, of a tenant, or of the platform where the tenant is null;',
    '  `platform`, of no tenant. All but the last are separated by row-level security.',
    '',
    '## Tables',
    '',
    table(
      ['table', 'for', 'rows of', 'way to the tenant', 'export', 'erasure', 'retention class'],
      entries.map(overview),
    ),
    '',
    '## Columns',
    '',
    ...entries.flatMap(([name, entry]) => [`### ${name}`, '', columns(entry), '']),
    ...erasure(),
    '## Beside tables',
    '',
    'Nothing else may be there: no view, foreign table or large object, and no other function that runs as the owner.',
    '',
    table(
      ['object', 'for'],
      Object.entries(SCHEMA_OBJECTS).map(([name, purpose]) => [`\`${name}\``, purpose]),
    ),
    '',
    '## The database of the queue',
    '',
    "Only where BullMQ runs on PostgreSQL. AION's jobs carry ids and never content; an erasure purges a tenant's jobs.",
    '',
    table(
      ['table', 'holds'],
      Object.entries(QUEUE_TABLES).map(([name, purpose]) => [`\`${name}\``, purpose]),
    ),
    '',
  ].join('\n');
}

function overview([name, entry]: readonly [string, TableEntry]): string[] {
  const { purpose, owner, exportPolicy, retention } = entry;
  const exported = exportPolicy === 'rows' ? 'yes' : `no: ${exportPolicy.excluded}`;
  return [`[${name}](#${name})`, purpose, owner, wayToTenant(entry), exported, describeErasure(entry), retention];
}

function wayToTenant({ tenantPath }: TableEntry): string {
  if (tenantPath === null) return 'none';
  if (!('through' in tenantPath)) return `\`${tenantPath.column}\``;
  return `\`${tenantPath.through}.${tenantPath.reference}\` to \`${tenantPath.key}\``;
}

function describeErasure({ erasure: strategy }: TableEntry): string {
  return typeof strategy === 'string' ? strategy : `kept until ${strategy.until}: ${strategy.retain}`;
}

function columns({ columns: declared, primaryKey }: TableEntry): string {
  const rows = Object.entries(declared).map(([name, column]) => {
    const { dataClass, excluded, anonymize } = whole(column);
    const notes = [
      ...(primaryKey.includes(name) ? ['primary key'] : []),
      ...(excluded === undefined ? [] : [`not exported: ${excluded}`]),
      ...(anonymize === true ? ['emptied by an erasure'] : []),
    ];
    return [`\`${name}\``, dataClass, notes.join('; ')];
  });
  return table(['column', 'class', 'note'], rows);
}

function whole(column: ColumnEntry): Exclude<ColumnEntry, string> {
  return typeof column === 'string' ? { dataClass: column } : column;
}

function erasure(): string[] {
  const { steps, following, retained } = planErasure(DATA_MAP);
  return [
    '## Order of an erasure',
    '',
    'Rows that point to others go first.',
    '',
    ...steps.map(({ table: name, strategy, anonymized }, at) => {
      const emptied = anonymized.map((column) => `\`${column}\``).join(', ');
      return `${at + 1}. \`${name}\`: ${strategy}${emptied === '' ? '' : ` (${emptied})`}`;
    }),
    '',
    'Deleted by the database itself, with the last row that leads to a tenant; who is in another tenant stays:',
    '',
    ...following.map(({ table: name, through }) => `- \`${name}\`, with the last of \`${through}\``),
    '',
    'Kept:',
    '',
    ...retained.map(({ table: name, reason, until }) => `- \`${name}\`, until ${until}. ${reason}`),
    '',
  ];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
