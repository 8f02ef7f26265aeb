import type { Provider } from '@aion/contracts';

/** A row of `provider_configs`, without what is sealed. */
export interface ProviderRow extends Omit<Provider, 'created_at' | 'updated_at'> {
  readonly [column: string]: unknown;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly version: number;
}

/** The columns of a `ProviderRow`: the sealed bytes are read by the rotation of sealing keys and by nothing else. */
export const PROVIDER_COLUMNS = `id, tenant_id, name, kind, base_url, credentials IS NOT NULL AS has_credentials, enabled,
  created_at, updated_at, version`;

/** The provider as the management API shows it. */
export function toProvider(row: ProviderRow): Provider {
  const { id, tenant_id, name, kind, base_url, has_credentials, enabled } = row;
  const [created_at, updated_at] = [row.created_at.toISOString(), row.updated_at.toISOString()];
  return { id, tenant_id, name, kind, base_url, has_credentials, enabled, created_at, updated_at };
}
