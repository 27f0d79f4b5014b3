import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { mustEnd } from '../../support/left-running.js';

/** A request as it arrived, whole. */
export interface Arrived {
  method: string;
  path: string;
  headers: IncomingMessage['headers'];
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  body: any;
}

export type Answer = (res: ServerResponse, arrived: Arrived) => void;

/** HTTP server that plays the web app: answers each request by the next of its answers, the last one for the rest. */
export class FakeServer {
  readonly arrived: Arrived[] = [];
  private answers: Answer[] = [];

  private constructor(private readonly server: Server) {
    mustEnd({
      name: 'fake web app',
      isRunning: () => server.listening,
      kill: () => this.stop(),
    });
  }

  static async start(): Promise<FakeServer> {
    const server = createServer();
    const fake = new FakeServer(server);
    server.on('request', (req, res) => void fake.receive(req, res));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return fake;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  answer(...answers: Answer[]): void {
    this.answers = answers;
    this.arrived.length = 0;
  }

  async stop(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }

  private async receive(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const arrived = {
      method: req.method!,
      path: req.url!,
      headers: req.headers,
      body: text === '' ? undefined : (JSON.parse(text) as unknown),
    };
    this.arrived.push(arrived);
    const answer = this.answers.length > 1 ? this.answers.shift()! : this.answers[0]!;
    answer(res, arrived);
  }
}

export const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Answer =>
  (res) =>
    void res
      .writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers })
      .end(JSON.stringify(body));

export const problem =
  (status: number, code: string, more: object = {}, headers: Record<string, string> = {}): Answer =>
  (res) =>
    void res
      .writeHead(status, { 'content-type': 'application/problem+json', ...headers })
      .end(JSON.stringify({ type: 't', title: code, status, detail: `It is ${code}.`, code, ...more }));

/** The request has arrived, and its answer is lost. */
export const lost: Answer = (res) => void res.socket!.destroy();

/** An open stream of events: sends these and, with `ends`, closes. */
export const stream =
  (text: string, ends = true): Answer =>
  (res) => {
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    res.write(text);
    if (ends) res.end();
  };
