import { z } from 'zod';
import { uuid } from '../fields.ts';
import { providerChange, wantedProvider, providerRoutes } from '../public/providers.ts';
import { sealingKeyId } from '../public/sealing-keys.ts';
import { internalRoute } from '../internal-route.ts';

/** A secret that only holders of the encryption key can read: the id of the key, and the encrypted bytes as base64url. */
export const encryptedSecret = z.strictObject({
  key_id: sealingKeyId,
  bytes: z
    .string()
    .max(20_000)
    .regex(/^[A-Za-z0-9_-]{39,}$/),
});

/** Internal routes of providers. */
export const internalProviderRoutes = {
  /** Stores a provider; its credentials reach this service only in encrypted form. */
  store: internalRoute(providerRoutes.create, {
    body: wantedProvider
      .omit({ credentials: true })
      .extend({ id: uuid, sealed_credentials: encryptedSecret.nullable() }),
  }),
  /** Changes a provider, likewise. */
  storeChange: internalRoute(providerRoutes.update, {
    body: providerChange
      .omit({ credentials: true })
      .extend({ sealed_credentials: encryptedSecret.nullable().optional() }),
  }),
};
