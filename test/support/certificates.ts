import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** An authority of its own, and certificates it signed for 127.0.0.1 and for a client, in a folder of their own. */
export class Certificates {
  readonly folder = mkdtempSync(join(tmpdir(), 'roost-tls-'));
  readonly ca = this.path('ca.pem');
  readonly server = { cert: this.path('server.pem'), key: this.path('server.key') };
  readonly client = { cert: this.path('client.pem'), key: this.path('client.key') };

  constructor() {
    const name = (words: string) => ['-subj', `/CN=${words}`, '-days', '2', '-nodes'];
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];
    openssl('req', '-x509', ...key, ...name('roost tests'), '-keyout', this.path('ca.key'), '-out', this.ca);
    writeFileSync(this.path('names'), 'subjectAltName=IP:127.0.0.1');
    for (const [who, files] of Object.entries({ server: this.server, client: this.client })) {
      const asked = this.path(`${who}.csr`);
      openssl('req', '-new', ...key, '-nodes', '-subj', `/CN=${who}`, '-keyout', files.key, '-out', asked);
      const authority = ['-CA', this.ca, '-CAkey', this.path('ca.key'), '-CAcreateserial'];
      const names = ['-extfile', this.path('names'), '-days', '2'];
      openssl('x509', '-req', '-in', asked, ...authority, ...names, '-out', files.cert);
    }
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  private path(name: string): string {
    return join(this.folder, name);
  }
}

function openssl(...args: string[]): void {
  execFileSync('openssl', args, { stdio: 'pipe' });
}
