import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

describe('a service whose parent gave it a channel', () => {
  it('stops when the parent had gone before it was up', async () => {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'orphaned-service.ts')], {
      env: { ...process.env, AION_SERVICE_TOKEN_SECRET: 'a secret of at least thirty-two characters' },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    try {
      child.disconnect();
      expect(await once(child, 'exit')).toEqual([0, null]);
    } finally {
      child.kill('SIGKILL');
    }
  });
});
