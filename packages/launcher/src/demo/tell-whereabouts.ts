import { dirname, join } from 'node:path';
import { SIGNATURE_NAMESPACE, SIGNER_PRINCIPAL } from '@aion/bundle';
import type { Story } from './story.ts';

/** Says where everything is, and how to go on without this program. */
export function tellWhereabouts(story: Story, options: { readonly staysUp: boolean }): void {
  const { terminal, evidence, platform, stateDir } = story;
  const { export: exported } = evidence;
  if (exported !== null) {
    const directory = dirname(exported.bundlePath);
    terminal.heading('Open the bundle with standard tools');
    terminal.line(`cd ${directory} && tar -xf ${exported.id}.tar && cd ${exported.id}`);
    terminal.line('sha256sum -c manifest-sha256.txt');
    terminal.line(
      `ssh-keygen -Y verify -f ${join(directory, 'allowed_signers')} -I ${SIGNER_PRINCIPAL} -n ${SIGNATURE_NAMESPACE} ` +
        '-s tagmanifest-sha256.txt.sig < tagmanifest-sha256.txt',
    );
    terminal.line(`age -d -i ${exported.identityPath} data/0000-manifest.json.age`);
    if (exported.partPath !== null) {
      terminal.line(`age -d -i ${exported.identityPath} ${exported.partPath} | zstd -d`);
    }
    const signer = join(directory, 'audit-signer.pub');
    terminal.line(`pnpm aion audit verify ${exported.bundlePath} -i ${exported.identityPath} -s ${signer}`);
  }
  if (!options.staysUp) return;
  terminal.heading('The platform is up');
  terminal.step('base URL', `${platform.baseUrl}/v1`);
  terminal.step('keys', `${join(stateDir, 'demo.json')} (operator, two tenants)`);
  for (const [service, url] of Object.entries(platform.adminUrls)) terminal.step(`admin ${service}`, url);
  terminal.step('logs', join(stateDir, 'logs'));
  terminal.line();
  terminal.line('Ctrl-C stops it.');
}
