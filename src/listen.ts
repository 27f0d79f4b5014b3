import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Settings } from './config/settings.js';
import { PortTakenError } from './run-until-stopped.js';

/** Listens, and answers with the address to open. @throws PortTakenError */
export async function listen(app: NestExpressApplication, settings: Settings): Promise<string> {
  const server: Server = app.getHttpServer();
  // A slow or silent client may not hold a socket for long. Streams of events are answers, not requests: they stay.
  server.headersTimeout = 10_000;
  server.requestTimeout = 30_000;
  server.keepAliveTimeout = 65_000;
  // Node looks for those over their time every 30 s only: a client could hold a socket four times as long as it may.
  // An option of http.createServer, which Nest calls without any; read when the server begins to listen.
  Object.assign(server, { connectionsCheckingInterval: 2_000 });
  try {
    await app.listen(settings.PORT, settings.HOST);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE')
      throw new PortTakenError(settings.HOST, settings.PORT);
    throw error;
  }
  const { port } = server.address() as AddressInfo;
  const host = settings.HOST === '0.0.0.0' || settings.HOST === '::' ? 'localhost' : settings.HOST;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
