import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ExportedEntry } from '../audit-view.js';
import type { AuditSink } from './audit-sink.js';
import { syslogMessage } from './syslog-message.js';

/** Timeout of connecting and of sending, ms. */
const TIMEOUT_MS = 5_000;

/**
 * One connection with length-prefixed messages (RFC 6587, over TLS RFC 5425). Syslog has no acknowledgement: written
 * messages count as delivered.
 */
export class SyslogStreamSink implements AuditSink {
  private socket: Socket | undefined;

  constructor(
    private readonly host: string,
    private readonly port: number,
    private readonly isTls: boolean,
  ) {}

  async send(entries: readonly ExportedEntry[]): Promise<void> {
    const frames = entries.map((entry) => {
      const message = syslogMessage(entry);
      return `${message.length} ${message}`;
    });
    try {
      if (!this.socket || this.socket.destroyed || this.socket.readyState !== 'open')
        this.socket = await this.connect();
      const { socket } = this;
      await settled(socket, (done) => socket.write(frames.join(''), done));
    } catch (error) {
      this.close();
      throw error;
    }
  }

  close(): void {
    this.socket?.destroy();
    this.socket = undefined;
  }

  private async connect(): Promise<Socket> {
    const { host, port } = this;
    const socket = this.isTls ? connectTls({ host, port, servername: host }) : connect({ host, port });
    // The next send reports the error.
    socket.on('error', () => undefined);
    // Receivers send no data; reading is needed to detect the end of the connection.
    socket.resume();
    try {
      await settled(socket, (done) => socket.once(this.isTls ? 'secureConnect' : 'connect', () => done()));
    } catch (error) {
      socket.destroy();
      throw error;
    }
    socket.unref();
    return socket;
  }
}

/** Resolves with the callback of `begin`. Rejects on an error, a close or the timeout. */
function settled(socket: Socket, begin: (done: (error?: Error | null) => void) => unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (error?: Error | null) => {
      clearTimeout(timer);
      socket.off('error', end).off('close', onClose);
      if (error) reject(error);
      else resolve();
    };
    const onClose = () => end(new Error('the connection was closed'));
    const timer = setTimeout(() => end(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)), TIMEOUT_MS);
    socket.once('error', end).once('close', onClose);
    begin(end);
  });
}
