import type { Scope, ServiceName } from '@aion/contracts';

/** Who is calling, once it has been proven. */
export type Identity =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'service'; readonly service: ServiceName }
  | { readonly kind: 'operator' }
  | { readonly kind: 'key'; readonly keyId: string; readonly tenantId: string; readonly scopes: readonly Scope[] }
  | { readonly kind: 'signed-url'; readonly tenantId: string };

/** The tenant on whose behalf the caller acts, if there is one. */
export function tenantOf(identity: Identity): string | undefined {
  return 'tenantId' in identity ? identity.tenantId : undefined;
}
