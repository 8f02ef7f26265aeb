import { chmod, rm, writeFile } from 'node:fs/promises';
import { routes } from '@aion/contracts';
import { freePort, waitFor } from '@aion/testkit';
import { z } from 'zod';
import { readAnswer } from './support/read-answer.ts';
import { startEdge } from './support/start-edge.ts';

const CHAT = { messages: [{ role: 'user', content: 'Hello' }], stream: true };
const readinessBody = z.object({ checks: z.record(z.string(), z.object({ ok: z.boolean() })) });
const RECIPIENT = 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p';

describe('web-api', () => {
  it('is ready when it reaches database-gateway, ai-engine and the object store, and reports the failed checks', async () => {
    const edge = await startEdge();
    try {
      const readiness = async () => {
        const answer = await fetch(`${edge.adminUrl}/readyz`);
        const { checks } = readinessBody.parse(await answer.json());
        const failed = Object.entries(checks).filter(([, { ok }]) => !ok);
        return { status: answer.status, failed: failed.map(([name]) => name) };
      };
      expect(await readiness()).toEqual({ status: 200, failed: [] });
      edge.database.isUnavailable = true;
      expect(await readiness()).toEqual({ status: 503, failed: ['database-gateway'] });
      edge.database.isUnavailable = false;
      await edge.stopPeer('ai-engine');
      expect(await readiness()).toEqual({ status: 503, failed: ['ai-engine'] });
      await rm(edge.objectsDir, { recursive: true });
      await writeFile(edge.objectsDir, 'not a directory');
      await chmod(edge.objectsDir, 0o600);
      expect(await readiness()).toEqual({ status: 503, failed: ['ai-engine', 'object-store'] });
      expect((await fetch(`${edge.adminUrl}/healthz`)).status).toBe(200);
    } finally {
      await edge.stop();
    }
  });

  it('listens before the other services are reachable, and becomes ready when they are', async () => {
    const port = await freePort();
    const edge = await startEdge({ AION_AI_ENGINE_URL: `http://127.0.0.1:${port}` });
    try {
      expect((await edge.request('/openapi.json')).status).toBe(200);
      await waitFor(() => edge.logs().includes('Waiting for dependencies'), { describe: 'the log line' });
      expect(edge.logs()).not.toContain('Service is ready');
      const aiEngine = await edge.serveAiEngine(port);
      await waitFor(() => edge.logs().includes('Service is ready'), { describe: 'the service to be ready' });
      await aiEngine.close(0);
    } finally {
      await edge.stop();
    }
  });

  it('stops in order: readiness off, watches ended cleanly, running responses finished, ports closed', async () => {
    const edge = await startEdge();
    try {
      const { key } = edge.addKey(['inference', 'exports:read', 'exports:write']);
      const created = await edge.request('/api/v1/exports', {
        method: 'POST',
        key,
        body: JSON.stringify({ recipient: RECIPIENT }),
      });
      const { id } = await readAnswer(routes.exports.create, created);
      const watch = await edge.request(`/api/v1/exports/${id}/events`, { key });
      const held = await edge.request('/v1/chat/completions', {
        method: 'POST',
        key,
        body: JSON.stringify({ ...CHAT, model: 'held' }),
      });
      const stopping = edge.stopService();
      expect((await fetch(`${edge.adminUrl}/readyz`)).status).toBe(503);
      expect(await watch.text()).toContain('event: progress');
      edge.aiEngine.release.abort();
      expect((await held.text()).endsWith('data: [DONE]\n\n')).toBe(true);
      await stopping;
      await expect(fetch(`${edge.url}/openapi.json`)).rejects.toThrow();
      await expect(fetch(`${edge.adminUrl}/healthz`)).rejects.toThrow();
    } finally {
      await edge.stop();
    }
  });
});
