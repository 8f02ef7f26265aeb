import type { encryptedSecret, providerCredentials } from '@aion/contracts';
import type { Encryption } from '@aion/encryption';
import type { z } from 'zod';

/** Credentials of a provider in the form of the management API. */
export type ProviderCredentials = z.output<typeof providerCredentials>;

/** Returns the encryption context of credentials: they decrypt in the row of their provider only. */
export function credentialsContext(providerId: string): string {
  return `provider_config:${providerId.toLowerCase()}`;
}

/** Encrypts the credentials of a provider into the form that database-gateway stores. */
export function encryptCredentials(
  encryption: Encryption,
  providerId: string,
  credentials: ProviderCredentials,
): z.output<typeof encryptedSecret> {
  const { keyId, bytes } = encryption.encrypt(JSON.stringify(credentials), credentialsContext(providerId));
  return { key_id: keyId, bytes: bytes.toString('base64url') };
}
