import { SCOPES, type ApiKey, type Scope } from '@aion/contracts';

/** A row of `api_keys`. */
export interface ApiKeyRow {
  readonly [column: string]: unknown;
  readonly id: string;
  readonly tenant_id: string;
  readonly project_id: string | null;
  readonly user_id: string | null;
  readonly name: string;
  readonly prefix: string;
  readonly key_hash: string;
  readonly scopes: string[];
  readonly created_at: Date;
  readonly expires_at: Date | null;
  readonly revoked_at: Date | null;
  readonly last_used_on: string | null;
  readonly last_refused_on: string | null;
  readonly version: number;
}

/** Maps a row to the key of the management API, without the hash of its secret. */
export function toApiKey(row: ApiKeyRow): ApiKey {
  return {
    id: row.id,
    tenant_id: row.tenant_id,
    project_id: row.project_id,
    user_id: row.user_id,
    name: row.name,
    prefix: row.prefix,
    scopes: row.scopes.filter(isScope),
    created_at: row.created_at.toISOString(),
    expires_at: row.expires_at?.toISOString() ?? null,
    revoked_at: row.revoked_at?.toISOString() ?? null,
    last_used_on: row.last_used_on,
  };
}

/** Reports whether this version knows a scope; one that only a newer version knows is not granted here. */
function isScope(value: string): value is Scope {
  return (SCOPES as readonly string[]).includes(value); // widened, so that any string can be looked up
}
