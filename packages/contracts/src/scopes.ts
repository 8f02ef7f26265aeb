/** What a key may be allowed to do. `trace` lets its holder's own trace be the root of AION's. */
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

/** What a person is in a tenant. The platform's operator is in none. */
export const ROLES = ['owner', 'admin', 'member', 'auditor'] as const;
/** One of `ROLES`. */
export type Role = (typeof ROLES)[number];

/** What only the owner of a tenant may: what it is, how long its data is kept, and what is withheld from erasure. */
const OWNERS_ONLY: readonly Scope[] = ['tenant:write', 'retention:write', 'holds:write'];
const isRead = (scope: Scope): boolean => scope.endsWith(':read');

/**
 * What each role may at most. The key of a person may do what both its scopes and the person's role allow. An auditor
 * sees everything but what was said to models, and changes nothing.
 */
export const ROLE_SCOPES: Readonly<Record<Role, readonly Scope[]>> = {
  owner: SCOPES,
  admin: SCOPES.filter((scope) => !OWNERS_ONLY.includes(scope)),
  member: ['inference', 'projects:read', 'usage:read', 'generations:read', 'files:read', 'files:write', 'trace'],
  auditor: SCOPES.filter((scope) => isRead(scope) && scope !== 'content:read'),
};

/** The roles that may hold a scope. */
export function rolesWith(scope: Scope): readonly Role[] {
  return ROLES.filter((role) => ROLE_SCOPES[role].includes(scope));
}
