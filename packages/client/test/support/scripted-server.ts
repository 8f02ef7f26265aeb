import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Answers one request. */
export type Step = (response: ServerResponse, request: IncomingMessage) => void;

/** HTTP server that answers with one step after the other; the last step answers all further requests. */
export interface ScriptedServer {
  readonly url: string;
  /** Headers of the requests received. */
  readonly received: IncomingMessage['headers'][];
  play(...steps: readonly Step[]): void;
  stop(): Promise<void>;
}

/** Starts a server on a free port. */
export async function startScriptedServer(): Promise<ScriptedServer> {
  const received: IncomingMessage['headers'][] = [];
  let script: Step[] = [];
  const server = createServer((request, response) => {
    received.push(request.headers);
    const [step] = script.length > 1 ? script.splice(0, 1) : script;
    if (step === undefined) response.destroy();
    else step(response, request);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A server that listens on a port has an address of the internet family.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    received,
    play: (...steps) => {
      received.length = 0;
      script = [...steps];
    },
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
