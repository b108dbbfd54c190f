// The HTTP endpoint for Prometheus: GET /metrics, and nothing else.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ListenPlace, listenIn } from '../vrf-sockets.js';
import { METRICS_TYPE } from './metrics.js';

/** Clients at once, and how long one may take to say what it wants: a scrape is one short request. */
const CONNECTIONS_MAX = 32;
const REQUEST_MS = 5_000;

export class MetricsServer {
  private constructor(private readonly server: Server) {}

  /** @throws the system's error when the address cannot be listened on. */
  static async listen(place: ListenPlace, page: () => Promise<string>): Promise<MetricsServer> {
    const server = createServer(
      { requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS },
      (request, response) => {
        if (request.url?.split('?')[0] !== '/metrics') {
          response.writeHead(404, { 'content-type': 'text/plain' }).end('Metrics are at /metrics.\n');
        } else if (request.method !== 'GET' && request.method !== 'HEAD') {
          response.writeHead(405, { allow: 'GET, HEAD' }).end();
        } else {
          page().then(
            (text) => response.writeHead(200, { 'content-type': METRICS_TYPE }).end(text),
            (error: unknown) =>
              response.writeHead(500, { 'content-type': 'text/plain' }).end(`${String(error)}\n`),
          );
        }
      },
    );
    server.maxConnections = CONNECTIONS_MAX;
    await listenIn(server, place);
    return new MetricsServer(server);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  close(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }
}
