import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A proxy before a Roost on a network: ends TLS, passes the host unchanged, and adds the address of the client. */
export class TlsProxy {
  /** Where to pass things on to; may come after the start, as the app has to be told the address of this. */
  target = '';
  private constructor(
    readonly url: string,
    private readonly server: Server,
    private readonly folder: string,
  ) {}

  static async start(): Promise<TlsProxy> {
    const folder = mkdtempSync(join(tmpdir(), 'roost-proxy-'));
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const args = [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-days',
      '2',
    ];
    const name = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
    execFileSync('openssl', [...args, ...name, '-keyout', key, '-out', cert], { stdio: 'pipe' });
    const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (req, res) => {
      const { remoteAddress = '' } = req.socket;
      const headers = { ...req.headers, 'x-forwarded-for': remoteAddress, 'x-forwarded-proto': 'https' };
      const passed = request(`${proxy.target}${req.url}`, { method: req.method!, headers }, (answer) => {
        res.writeHead(answer.statusCode!, answer.rawHeaders);
        // Without it a proxy holds back the head of a stream of events.
        res.flushHeaders();
        answer.pipe(res);
      });
      passed.on('error', () => res.destroy());
      res.on('close', () => passed.destroy());
      req.pipe(passed);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const proxy = new TlsProxy(`https://localhost:${(server.address() as AddressInfo).port}`, server, folder);
    return proxy;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close').catch(() => undefined);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
