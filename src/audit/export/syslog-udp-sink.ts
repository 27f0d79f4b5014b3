import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { lookup } from 'node:dns/promises';
import type { ExportedEntry } from '../audit-view.js';
import type { AuditSink } from './audit-sink.js';
import { syslogMessage } from './syslog-message.js';

/** Limit on a datagram, bytes. A larger entry is sent with its first targets only. */
const MAX_BYTES = 60_000;
const FEW_TARGETS = 10;

/** One datagram per entry (RFC 5426). Lost datagrams are not detected, unless the host reports them as refused. */
export class SyslogUdpSink implements AuditSink {
  private socket: Socket | undefined;
  private refusal: Error | undefined;

  constructor(
    private readonly host: string,
    private readonly port: number,
  ) {}

  async send(entries: readonly ExportedEntry[]): Promise<void> {
    const socket = (this.socket ??= await this.connect());
    for (const entry of entries) {
      await new Promise<void>((resolve, reject) =>
        socket.send(datagram(entry), (error) => (error ? reject(error) : resolve())),
      );
      if (this.refusal) throw this.fail();
    }
    // An ICMP refusal of the last datagram arrives slightly later.
    await new Promise((resolve) => setImmediate(resolve));
    if (this.refusal) throw this.fail();
  }

  close(): void {
    this.socket?.close();
    this.socket = undefined;
  }

  private async connect(): Promise<Socket> {
    const { address, family } = await lookup(this.host);
    const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
    socket.on('error', (error) => (this.refusal = error));
    socket.unref();
    socket.connect(this.port, address);
    await once(socket, 'connect');
    return socket;
  }

  private fail(): Error {
    const refusal = this.refusal!;
    this.refusal = undefined;
    this.close();
    return refusal;
  }
}

function datagram(entry: ExportedEntry): Buffer {
  const whole = Buffer.from(syslogMessage(entry));
  if (whole.length <= MAX_BYTES) return whole;
  return Buffer.from(syslogMessage({ ...entry, targets: entry.targets.slice(0, FEW_TARGETS) }));
}
