import { PUBLIC_ROUTES, ROLE_SCOPES, ROLES, SCOPES, type Scope } from '@aion/contracts';
import { PermissionDeniedError } from '@aion/errors';
import type { Identity } from '@aion/http';
import { authorise, type GuardedRoute } from './authorise.ts';

const holder = (scopes: readonly Scope[], more: object = {}): Identity => ({
  kind: 'key',
  keyId: 'k',
  prefix: 'p',
  tenantId: 't',
  scopes,
  ...more,
});
const identities: readonly Identity[] = [
  { kind: 'anonymous' },
  { kind: 'init' },
  { kind: 'operator', operatorId: 'o' },
  { kind: 'signed-url', tenantId: 't', keyId: 'k' },
  { kind: 'service', service: 'ai-engine' },
  holder([]),
  ...SCOPES.map((scope) => holder([scope])),
  ...ROLES.map((role) => holder(ROLE_SCOPES[role], { userId: 'u' })),
];

function isAllowed({ auth }: GuardedRoute, identity: Identity): boolean {
  if (auth.kind === 'none') return true;
  if (auth.kind === 'tenant' && identity.kind === 'operator') return true;
  if (auth.kind !== 'key' && auth.kind !== 'tenant') return identity.kind === auth.kind;
  return identity.kind === 'key' && identity.scopes.includes(auth.scope);
}

function errorCodeOf(attempt: () => void): string | undefined {
  try {
    attempt();
    return undefined;
  } catch (error) {
    return error instanceof PermissionDeniedError ? error.code : String(error);
  }
}

describe('authorise', () => {
  it('allows each identity on each public route what the contract declares, and nothing else', () => {
    for (const route of PUBLIC_ROUTES) {
      for (const identity of identities) {
        const expectation = expect(() => authorise(route, identity));
        if (isAllowed(route, identity)) expectation.not.toThrow();
        else expectation.toThrow(PermissionDeniedError);
      }
    }
  });

  it('allows a read-only tenant reads and the changes that contracts mark with whileReadOnly, and nothing else', () => {
    const all = holder(SCOPES, { isReadOnly: true });
    for (const route of PUBLIC_ROUTES.filter(({ auth }) => auth.kind === 'key' || auth.kind === 'tenant')) {
      const { method, name, whileReadOnly } = route;
      const mayAct = method === 'GET' || whileReadOnly === true;
      const attempt = () => authorise(route, all);
      expect([name, errorCodeOf(attempt)]).toEqual([name, mayAct ? undefined : 'PERMISSION_DENIED']);
    }
  });

  it('allows a read-only tenant to export its data, revoke keys and set legal holds', () => {
    const allowed = PUBLIC_ROUTES.filter(({ whileReadOnly }) => whileReadOnly === true).map(({ name }) => name);
    expect(allowed.toSorted()).toEqual([
      'createDownloadLinks',
      'createExport',
      'placeLegalHold',
      'releaseLegalHold',
      'requestHoldRelease',
      'revokeApiKey',
    ]);
  });

  it('names the missing scope, and the roles that may have it', () => {
    const route = { auth: { kind: 'key', scope: 'exports:write' }, method: 'POST' } as const;
    expect(() => authorise(route, holder(['inference', 'exports:read']))).toThrow(/lacks the scope "exports:write"/);
    expect(() => authorise(route, holder(ROLE_SCOPES.auditor, { userId: 'u' }))).toThrow(/owner, admin/);
  });
});

describe('ROLE_SCOPES', () => {
  it('grants each role the scopes of its purpose', () => {
    expect(ROLE_SCOPES.owner).toEqual(SCOPES);
    expect(ROLE_SCOPES.admin).not.toContain('tenant:write');
    expect(ROLE_SCOPES.auditor.every((scope) => scope.endsWith(':read'))).toBe(true);
    expect(ROLE_SCOPES.auditor).not.toContain('content:read');
    expect(ROLE_SCOPES.member).not.toContain('members:write');
  });
});
