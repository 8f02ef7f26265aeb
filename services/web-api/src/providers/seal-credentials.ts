import type { providerCredentials, sealed } from '@aion/contracts';
import type { Sealer } from '@aion/sealing';
import type { z } from 'zod';

/** Credentials of providers as the management API takes them. */
export type ProviderCredentials = z.output<typeof providerCredentials>;

/** What credentials are sealed for: they open in the row that they were sealed for, and in no other. */
export function credentialsContext(providerId: string): string {
  return `provider_config:${providerId.toLowerCase()}`;
}

/** Seals the credentials of a provider, as database-gateway stores them. */
export function sealCredentials(
  sealer: Sealer,
  providerId: string,
  credentials: ProviderCredentials,
): z.output<typeof sealed> {
  const { keyId, bytes } = sealer.seal(JSON.stringify(credentials), credentialsContext(providerId));
  return { key_id: keyId, bytes: bytes.toString('base64url') };
}
