import { PUBLIC_ROUTES, SCOPES, type RouteAuth } from '@aion/contracts';
import { PermissionDeniedError } from '@aion/errors';
import type { Identity } from '@aion/http';
import { authorise } from './authorise.ts';

const holder = (...scopes: readonly (typeof SCOPES)[number][]): Identity => ({
  kind: 'key',
  keyId: 'k',
  tenantId: 't',
  scopes,
});
const identities: readonly Identity[] = [
  { kind: 'anonymous' },
  { kind: 'operator' },
  { kind: 'signed-url', tenantId: 't' },
  { kind: 'service', service: 'ai-engine' },
  holder(),
  ...SCOPES.map((scope) => holder(scope)),
];

function isAllowed(auth: RouteAuth, identity: Identity): boolean {
  if (auth.kind === 'none') return true;
  if (auth.kind !== 'key') return identity.kind === auth.kind;
  return identity.kind === 'key' && identity.scopes.includes(auth.scope);
}

describe('authorisation', () => {
  it('lets each identity do on each public route what the contract says, and nothing else', () => {
    for (const { name, auth } of PUBLIC_ROUTES) {
      for (const identity of identities) {
        const attempt = () => authorise(auth, identity);
        const expectation = expect(attempt);
        if (isAllowed(auth, identity)) expectation.not.toThrow();
        else expectation.toThrow(PermissionDeniedError);
        expect(name).not.toBe('');
      }
    }
  });

  it('names the missing scope', () => {
    expect(() => authorise({ kind: 'key', scope: 'exports:write' }, holder('inference', 'exports:read'))).toThrow(
      /lacks the scope "exports:write"/,
    );
  });
});
