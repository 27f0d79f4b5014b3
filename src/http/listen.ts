import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Settings } from '../platform/config/settings.js';
import { PortInUseError } from '../platform/run-until-stopped.js';

/**
 * Listens and returns the address to open.
 * @throws PortInUseError
 */
export async function listen(app: NestExpressApplication, settings: Settings): Promise<string> {
  const server: Server = app.getHttpServer();
  // Limits how long a slow or silent client may hold a socket. Event streams are responses and not affected.
  server.headersTimeout = 10_000;
  server.requestTimeout = 30_000;
  server.keepAliveTimeout = 65_000;
  // Node checks the timeouts only every 30 s by default, so a client could hold a socket four times as long. An
  // option of http.createServer, which Nest calls without options; read when the server starts to listen.
  Object.assign(server, { connectionsCheckingInterval: 2_000 });
  try {
    await app.listen(settings.PORT, settings.HOST);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE')
      throw new PortInUseError(settings.HOST, settings.PORT);
    throw error;
  }
  const { port } = server.address() as AddressInfo;
  const host = settings.HOST === '0.0.0.0' || settings.HOST === '::' ? 'localhost' : settings.HOST;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
