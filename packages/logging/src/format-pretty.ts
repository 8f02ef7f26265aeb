/** Formats a record as one compact line for terminals, with the same ids as its JSON form. */
export function formatPretty(record: Readonly<Record<string, unknown>>): string {
  const time = text(record['timestamp']).slice(11, 23);
  const level = text(record['level']).toUpperCase().padEnd(5);
  const source = `${text(record['service'])}/${text(record['module'])}`;
  const ids = [
    ['trace', record['trace_id']],
    ['corr', record['correlation_id']],
    ['req', record['request_id']],
    ['tenant', record['tenant_id']],
  ]
    .filter(([, id]) => id !== undefined)
    .map(([name, id]) => `${text(name)}=${text(id)}`)
    .join(' ');
  const fields = record['fields'] === undefined ? '' : ` ${JSON.stringify(record['fields'])}`;
  return `${time} ${level} ${source}: ${text(record['message'])}${fields}${ids === '' ? '' : `  (${ids})`}`;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
