import type { Caller, Scope, ServiceName } from '@aion/contracts';

/** Who is calling, once it has been proven. */
export type Identity =
  | { readonly kind: 'anonymous' }
  /** Another service of AION; `caller` is on whose behalf it calls, when it sent one. */
  | { readonly kind: 'service'; readonly service: ServiceName; readonly caller?: Caller }
  /** The holder of the one-time secret of the installation. */
  | { readonly kind: 'init' }
  /** `tenantId` when the operator has named a tenant to act for. */
  | { readonly kind: 'operator'; readonly operatorId: string; readonly tenantId?: string }
  | {
      readonly kind: 'key';
      readonly keyId: string;
      /** The public part of the key, by which it is found again. */
      readonly prefix: string;
      readonly tenantId: string;
      /** What the key may: its scopes, and of those what the role of its person allows. */
      readonly scopes: readonly Scope[];
      /** The person whose key it is. */
      readonly userId?: string;
      /** The state of its tenant lets it read, and nothing else. */
      readonly isReadOnly?: boolean;
    }
  /** `keyId` is the key that has made the URL. */
  | { readonly kind: 'signed-url'; readonly tenantId: string; readonly keyId: string };

/** The tenant on whose behalf the caller acts, if there is one. */
export function tenantOf(identity: Identity): string | undefined {
  return 'tenantId' in identity ? identity.tenantId : undefined;
}
