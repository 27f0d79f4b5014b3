import { connect } from 'node:net';

const END_OF_HEAD = Buffer.from('\r\n\r\n');
const NOTHING = Buffer.alloc(0);

/** The whole of a request, as text. */
export function requestOf({ url, method = 'POST', path, headers = {}, body }, key) {
  const lines = [`${method} ${path} HTTP/1.1`, `Host: ${new URL(url).host}`];
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
  if (key) lines.push(`Idempotency-Key: ${key}`);
  if (body !== undefined)
    lines.push('Content-Type: application/json', `Content-Length: ${Buffer.byteLength(body)}`);
  return `${lines.join('\r\n')}\r\n\r\n${body ?? ''}`;
}

/**
 * One connection of HTTP/1.1 that costs its user next to nothing, as server and client share the cores here. One request at
 * a time; where the server closes after an answer (Flask's own does) the next request connects anew.
 */
export class HttpConnection {
  #socket;
  #buffer = NOTHING;
  #pending;
  #open = false;

  constructor(url) {
    const { hostname, port } = new URL(url);
    this.host = hostname;
    this.port = Number(port);
  }

  /** Gives `{ status, bytes }`, and the body where `keep` is set. `request`: the whole of it, as text or bytes. */
  send(request, keep = false) {
    return new Promise((resolve, reject) => {
      this.#pending = { resolve, reject, keep, request, tries: 0 };
      this.#write();
    });
  }

  close() {
    this.#socket?.destroy();
  }

  #write() {
    if (!this.#open) this.#connect();
    this.#socket.write(this.#pending.request);
  }

  #connect() {
    const socket = (this.#socket = connect(this.port, this.host));
    socket.setNoDelay(true);
    this.#open = true;
    this.#buffer = NOTHING;
    socket.on('data', (data) => this.#take(data));
    socket.on('error', () => undefined);
    socket.on('close', () => this.#closed(socket));
  }

  #take(data) {
    this.#buffer = this.#buffer.length === 0 ? data : Buffer.concat([this.#buffer, data]);
    const end = this.#buffer.indexOf(END_OF_HEAD);
    if (end < 0) return;
    const head = this.#buffer.latin1Slice(0, end);
    const body = bodyOf(head, this.#buffer.subarray(end + END_OF_HEAD.length));
    if (body) this.#done(head, body);
  }

  #done(head, body) {
    const pending = this.#pending;
    this.#pending = undefined;
    const bytes = this.#buffer.length;
    this.#buffer = NOTHING;
    if (/^HTTP\/1\.0|\r\nconnection: close/im.test(head)) {
      this.#open = false;
      this.#socket.destroy();
    }
    const status = Number(head.slice(9, 12));
    pending?.resolve({ status, bytes, ...(pending.keep ? { body: body.toString() } : {}) });
  }

  #closed(socket) {
    if (socket !== this.#socket) return;
    this.#open = false;
    const { length } = this.#buffer;
    const end = this.#buffer.indexOf(END_OF_HEAD);
    // An answer without a length ends where the connection does.
    if (length > 0 && end > 0 && this.#pending) {
      const head = this.#buffer.latin1Slice(0, end);
      return this.#done(head, this.#buffer.subarray(end + END_OF_HEAD.length));
    }
    // A connection that was kept may have been closed the moment we used it.
    if (this.#pending && this.#pending.tries++ < 20) return setTimeout(() => this.#write(), 10);
    this.#pending?.reject(new Error('The server closed the connection.'));
  }
}

/** The body, once it is whole. */
function bodyOf(head, rest) {
  const length = /\r\ncontent-length: *(\d+)/i.exec(head);
  if (length) return rest.length >= Number(length[1]) ? rest.subarray(0, Number(length[1])) : undefined;
  if (/\r\ntransfer-encoding: *chunked/i.test(head))
    return rest.subarray(-5).toString('latin1') === '0\r\n\r\n' ? rest : undefined;
  return undefined;
}
