// The HTTP endpoint: /metrics, /healthz and /readyz, to whoever can reach the address it listens on. It changes nothing.
import { createServer, type Server, type ServerResponse } from 'node:http';
import { isIP } from 'node:net';
import { ReconcileError } from '../errors.ts';

export interface EndpointOptions {
  /** The text of /metrics, and its media type. */
  readonly metrics: { readonly type: string; readonly text: () => string };
  /** Why the watch is not well, or not ready; null where it is. */
  readonly illness: () => string | null;
  readonly unreadiness: () => string | null;
}

/** An address and a port of `--metrics`. */
export interface Listen {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
}

/** Reads `127.0.0.1:9000`, `[::1]:9000` or `localhost:9000`; null for anything else. */
export function parseListen(text: string): Listen | null {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || port > 65_535) return null;
  if (match?.[1] !== undefined ? isIP(host) !== 6 : isIP(host) !== 4 && host !== 'localhost') return null;
  return { host, port };
}

/** Whether only this machine reaches an address. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/** Begins to listen; rejects with a `usage` error where the address cannot be had. */
export async function listen({ host, port }: Listen, options: EndpointOptions): Promise<Endpoint> {
  const server = createServer((request, response) => {
    const path = request.url?.split('?')[0];
    if (request.method !== 'GET' && request.method !== 'HEAD') answer(response, 405, 'only GET');
    else if (path === '/metrics') answer(response, 200, options.metrics.text(), options.metrics.type);
    else if (path === '/healthz') answerState(response, options.illness());
    else if (path === '/readyz') answerState(response, options.unreadiness());
    else answer(response, 404, 'there are /metrics, /healthz and /readyz\n');
  });
  server.keepAliveTimeout = 5000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const reason = `cannot listen on ${host} port ${port}: ${cause.code ?? 'unknown error'}`;
      reject(new ReconcileError('usage', reason, { hint: 'give --metrics another address', cause }));
    });
    server.listen(port, host, resolve);
  });
  return new Endpoint(server);
}

export class Endpoint {
  readonly #server: Server;

  constructor(server: Server) {
    this.#server = server;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

function answerState(response: ServerResponse, trouble: string | null): void {
  if (trouble === null) answer(response, 200, 'ok\n');
  else answer(response, 503, `${trouble}\n`);
}

function answer(
  response: ServerResponse,
  status: number,
  text: string,
  type = 'text/plain; charset=utf-8',
): void {
  response.writeHead(status, { 'content-type': type, 'x-content-type-options': 'nosniff' });
  response.end(text);
}
