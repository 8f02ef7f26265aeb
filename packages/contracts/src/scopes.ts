/** Permissions of a key. `trace` continues the trace of the caller instead of starting a new one. */
export const SCOPES = [
  'inference',
  'exports:read',
  'exports:write',
  'keys:read',
  'keys:write',
  'audit:read',
  'tenant:read',
  'tenant:write',
  'members:read',
  'members:write',
  'projects:read',
  'projects:write',
  'providers:read',
  'providers:write',
  'budgets:read',
  'budgets:write',
  'usage:read',
  'generations:read',
  'content:read',
  'files:read',
  'files:write',
  'retention:read',
  'retention:write',
  'holds:read',
  'holds:write',
  'trace',
] as const;
/** One of `SCOPES`. */
export type Scope = (typeof SCOPES)[number];

/** Roles of a person in a tenant. Operators have none. */
export const ROLES = ['owner', 'admin', 'member', 'auditor'] as const;
/** One of `ROLES`. */
export type Role = (typeof ROLES)[number];

/** Scopes of the owner alone: settings of the tenant, retention, and legal holds. */
const OWNERS_ONLY: readonly Scope[] = ['tenant:write', 'retention:write', 'holds:write'];
const isRead = (scope: Scope): boolean => scope.endsWith(':read');

/**
 * Scopes that each role may hold. The key of a person has the scopes that both the key and the role include. An auditor
 * can read everything except the content of generations, and changes nothing.
 */
export const ROLE_SCOPES: Readonly<Record<Role, readonly Scope[]>> = {
  owner: SCOPES,
  admin: SCOPES.filter((scope) => !OWNERS_ONLY.includes(scope)),
  member: ['inference', 'projects:read', 'usage:read', 'generations:read', 'files:read', 'files:write', 'trace'],
  auditor: SCOPES.filter((scope) => isRead(scope) && scope !== 'content:read'),
};

/** Lists the roles that may hold a scope. */
export function rolesWith(scope: Scope): readonly Role[] {
  return ROLES.filter((role) => ROLE_SCOPES[role].includes(scope));
}
