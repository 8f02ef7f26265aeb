import { z } from 'zod';
import { InvalidSigningKeyError, loadSigningKey, type SigningKey } from './signing-key.ts';

/** A signing key as configuration gives it: PKCS #8 PEM. What is wrong is said without quoting the secret. */
export const signingKeySchema: z.ZodType<SigningKey, string> = z.string().transform((pem, context) => {
  try {
    return loadSigningKey(pem);
  } catch (error) {
    if (!(error instanceof InvalidSigningKeyError)) throw error;
    context.addIssue({ code: 'custom', message: error.message });
    return z.NEVER;
  }
});
