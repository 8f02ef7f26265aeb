import { InvalidBundleError } from '../invalid-bundle-error.ts';
import {
  fingerprintSshKey,
  formatAllowedSigner,
  formatSshPublicKey,
  parseSshPublicKey,
} from '../signing/signing-key.ts';
import { verifySsh } from '../signing/sign-ssh.ts';
import { TAG_FILES } from '../writer/tag-files.ts';
import type { BundleReader } from './bundle-reader.ts';
import type { Passed } from './check-list.ts';

/** Checks the signature over the tag manifest, and that the key files contain the signing key. */
export async function checkSignature(reader: BundleReader): Promise<Passed<string>> {
  const armored = await reader.readText(TAG_FILES.signature);
  const result = verifySsh(armored, Buffer.from(await reader.readText(TAG_FILES.tagManifest)));
  if (!result.valid) throw new InvalidBundleError(`The signature is not valid: ${result.reason}.`);
  const { publicKey } = result;
  const stated = (await reader.readText(TAG_FILES.publicKey)).trim();
  const allowed = (await reader.readText(TAG_FILES.allowedSigners)).trim();
  if (stated !== publicKey || allowed !== formatAllowedSigner(publicKey)) {
    throw new InvalidBundleError(
      `${TAG_FILES.publicKey} or ${TAG_FILES.allowedSigners} does not contain the key that signed.`,
    );
  }
  return { message: `signed by ${fingerprintSshKey(publicKey)}`, value: publicKey };
}

/** Checks that the signer is the trusted one. The trusted text may have a comment after the key. */
export function checkSigner(signer: string | undefined, trustedPublicKey: string): Passed<true> {
  const trusted = formatSshPublicKey(parseSshPublicKey(trustedPublicKey));
  if (signer === undefined)
    throw new InvalidBundleError('The bundle has no valid signature to compare with the trusted key.');
  if (signer !== trusted) {
    throw new InvalidBundleError(
      `The bundle was signed by ${fingerprintSshKey(signer)}, not by the trusted ${fingerprintSshKey(trusted)}.`,
    );
  }
  return { message: 'the signing key is the trusted one', value: true };
}
