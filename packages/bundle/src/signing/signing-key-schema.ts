import { z } from 'zod';
import { InvalidSigningKeyError, loadSigningKey, type SigningKey } from './signing-key.ts';

/** Schema of a signing key in the configuration: PKCS #8 PEM. Its messages do not contain the secret. */
export const signingKeySchema: z.ZodType<SigningKey, string> = z.string().transform((pem, context) => {
  try {
    return loadSigningKey(pem);
  } catch (error) {
    if (!(error instanceof InvalidSigningKeyError)) throw error;
    context.addIssue({ code: 'custom', message: error.message });
    return z.NEVER;
  }
});
