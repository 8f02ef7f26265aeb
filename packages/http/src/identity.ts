import type { Caller, Scope, ServiceName } from '@aion/contracts';

/** Authenticated identity of a caller. */
export type Identity =
  | { readonly kind: 'anonymous' }
  /** Another service of AION; `caller` is the one that it acts for, if it sent one. */
  | { readonly kind: 'service'; readonly service: ServiceName; readonly caller?: Caller }
  /** The holder of the one-time secret of the installation. */
  | { readonly kind: 'init' }
  /** `tenantId` is the tenant that the operator acts for, if any. */
  | { readonly kind: 'operator'; readonly operatorId: string; readonly tenantId?: string }
  | {
      readonly kind: 'key';
      readonly keyId: string;
      /** Public part of the key, by which it is looked up. */
      readonly prefix: string;
      readonly tenantId: string;
      /** Scopes of the key, limited to those that the role of its user allows. */
      readonly scopes: readonly Scope[];
      /** User that the key belongs to. */
      readonly userId?: string;
      /** True when the state of the tenant allows reading only. */
      readonly isReadOnly?: boolean;
    }
  /** `keyId` is the key that created the URL. */
  | { readonly kind: 'signed-url'; readonly tenantId: string; readonly keyId: string };

/** Returns the tenant that the caller acts for, if any. */
export function getTenantId(identity: Identity): string | undefined {
  return 'tenantId' in identity ? identity.tenantId : undefined;
}
