import { UnavailableError } from '@aion/errors';
import type { Logger } from '@aion/logging';
import { createQueueConnector } from './create-queue-connector.ts';

function createRecordingLogger(): { readonly logger: Logger; readonly messages: string[] } {
  const messages: string[] = [];
  const record = (message: string) => void messages.push(message);
  const logger: Logger = { debug: record, info: record, warn: record, error: record, child: () => logger };
  return { logger, messages };
}

describe('createQueueConnector', () => {
  it('reports the queue as unavailable before it is open, and stops retrying when it is closed', async () => {
    const { logger, messages } = createRecordingLogger();
    let opened = 0;
    // Without a URL every attempt fails.
    const connector = createQueueConnector({ logger, onOpen: () => (opened += 1) });
    await expect(connector.ping()).rejects.toThrow(UnavailableError);
    connector.start();
    await new Promise((resolve) => setImmediate(resolve));
    expect(() => connector.backend()).toThrow(UnavailableError);
    await connector.close();
    await connector.ready();
    expect(messages).toEqual(['Queue unavailable, will retry']);
    expect(opened).toBe(0);
  });
});
