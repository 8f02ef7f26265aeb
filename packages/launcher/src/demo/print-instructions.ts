import { dirname, join } from 'node:path';
import { SIGNATURE_NAMESPACE, SIGNER_PRINCIPAL } from '@aion/bundle';
import type { DemoContext } from './demo-context.ts';

/** Prints how to open the bundle with standard tools and, if the platform keeps running, its addresses and files. */
export function printInstructions(context: DemoContext, options: { readonly keepsRunning: boolean }): void {
  const { terminal, evidence, platform, stateDir } = context;
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
  if (!options.keepsRunning) return;
  terminal.heading('Platform running');
  terminal.step('base URL', `${platform.baseUrl}/v1`);
  terminal.step('keys', `${join(stateDir, 'demo.json')} (operator, two tenants)`);
  for (const [service, url] of Object.entries(platform.adminUrls)) terminal.step(`admin ${service}`, url);
  terminal.step('logs', join(stateDir, 'logs'));
  terminal.line();
  terminal.line('Press Ctrl-C to stop.');
}
