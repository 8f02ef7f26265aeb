import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** Request that was received. */
export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** Answers one request. */
export type Step = (res: ServerResponse, request: SeenRequest) => void;

/** Fake API with scripted answers, including failures that a real one rarely has. */
export interface ScriptedApi {
  readonly url: string;
  readonly seen: SeenRequest[];
  /** Sets one step for each request to come; the last step answers all further requests. */
  play(...steps: readonly Step[]): void;
  stop(): Promise<void>;
}

/** Starts a scripted API on a free port. */
export async function startScriptedApi(): Promise<ScriptedApi> {
  const seen: SeenRequest[] = [];
  let script: Step[] = [];
  const answer = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const request = { method: req.method ?? '', url: req.url ?? '', headers: req.headers, body: await text(req) };
    seen.push(request);
    const [step] = script.length > 1 ? script.splice(0, 1) : script;
    if (step === undefined) res.destroy();
    else step(res, request);
  };
  const server = createServer((req, res) => void answer(req, res));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A server that listens on a port has an address of the internet family.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    seen,
    play: (...steps) => {
      seen.length = 0;
      script = [...steps];
    },
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Answers with JSON. */
export function json(body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Step {
  return (res) =>
    void res.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

/** Answers with problem details. */
export function problem(
  status: number,
  detail: string,
  headers: Readonly<Record<string, string>> = {},
  more: object = {},
): Step {
  return json({ title: 'Refused', status, detail, ...more }, status, headers);
}

/** Closes the connection without an answer. */
export const breakOff: Step = (res) => void res.destroy();

/** Closes the connection after half of the announced bytes. */
export function breakOffWithin(body: Buffer): Step {
  return (res) => {
    res.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': body.length });
    res.write(body.subarray(0, body.length / 2), () => void res.destroy());
  };
}
