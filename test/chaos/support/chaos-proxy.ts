import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { mustEnd } from '../../support/left-running.js';

/** Counts of the faults that a proxy caused: a test proves by these that its fault happened. */
export interface ProxyCounts {
  connections: number;
  refused: number;
  /** Requests that went nowhere. */
  swallowed: number;
  repliesDropped: number;
  /** Connections ended by us, in order (`cut`) or by a reset. */
  cut: number;
  reset: number;
}

/** How everything that passes is treated. */
interface Treatment {
  delayMs: number;
  /** Towards the client, 0 for as fast as it goes. */
  bytesPerSecond: number;
}

/** Drops the reply of requests that match, by cutting the connection where the reply would have come. */
interface DropRule {
  request: RegExp;
  times: number;
}

/** A connection as a rule sees it. */
export interface Passing {
  /** The beginning of all the client has said: its name, its first commands. */
  readonly said: string;
  /** Current counts. */
  readonly request: string;
}

const KEPT = 8_000;

/**
 * Stands between a client and a server and makes the network bad, on purpose and counted. It knows nothing of the
 * protocol: a "request" is what arrives at once, and its "reply" whatever the server says next.
 */
export class ChaosProxy {
  readonly counts: ProxyCounts = {
    connections: 0,
    refused: 0,
    swallowed: 0,
    repliesDropped: 0,
    cut: 0,
    reset: 0,
  };
  private readonly links = new Set<Link>();
  private treatment: Treatment = { delayMs: 0, bytesPerSecond: 0 };
  private drops: DropRule[] = [];
  private swallow: ((passing: Passing) => boolean) | undefined;
  private cutAfter: number | undefined;

  private constructor(
    private readonly server: Server,
    readonly port: number,
    private readonly targetPort: number,
  ) {
    mustEnd({ name: `proxy on port ${port}`, isRunning: () => this.isListening, kill: () => this.stop() });
  }

  static async start(targetPort: number): Promise<ChaosProxy> {
    const server = createServer({ allowHalfOpen: false });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const proxy = new ChaosProxy(server, (server.address() as AddressInfo).port, targetPort);
    server.on('connection', (socket) => proxy.take(socket));
    return proxy;
  }

  get isListening(): boolean {
    return this.server.listening;
  }

  /** A well-behaved network again; connections that were left hanging are cut. */
  pass(): void {
    this.treatment = { delayMs: 0, bytesPerSecond: 0 };
    this.drops = [];
    this.swallow = undefined;
    this.cutAfter = undefined;
    for (const link of this.links) if (link.hanging) link.end('cut');
  }

  /** Nobody listens any more, and those connected are cut. */
  async refuse(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    for (const link of this.links) link.end('cut');
    await closed;
    this.counts.refused++;
  }

  /** Ends `refuse`. */
  async listenAgain(): Promise<void> {
    this.server.listen(this.port, '127.0.0.1');
    await once(this.server, 'listening');
  }

  /** From now on nothing comes through, and nobody is told: of those connections that match, all by default. */
  blackHole(which: (passing: Passing) => boolean = () => true): void {
    this.swallow = which;
  }

  /** Ends every connection by a TCP reset. */
  resetAll(): void {
    for (const link of this.links) link.end('reset');
  }

  slow(treatment: Partial<Treatment>): void {
    this.treatment = { ...this.treatment, ...treatment };
  }

  /** The server does as it is asked, and the client never hears of it. */
  dropReplyAfter(request: RegExp, times = 1): void {
    this.drops.push({ request, times });
  }

  /** Every connection ends when it has brought its client so many bytes. */
  cutAfterBytes(bytes: number): void {
    this.cutAfter = bytes;
  }

  async stop(): Promise<void> {
    for (const link of this.links) link.end('cut');
    if (!this.server.listening) return;
    const closed = once(this.server, 'close');
    this.server.close();
    await closed;
  }

  private take(client: Socket): void {
    this.counts.connections++;
    const link: Link = new Link(client, connect(this.targetPort, '127.0.0.1'), {
      onRequest: (request) => this.judge(link, request),
      onReply: (bytes) => this.cutAfter === undefined || link.brought + bytes <= this.cutAfter,
      treatment: () => this.treatment,
      onEnd: (how) => {
        this.links.delete(link);
        if (how) this.counts[how]++;
      },
    });
    this.links.add(link);
  }

  private judge(link: Link, request: string): 'pass' | 'swallow' | 'drop-reply' {
    if (link.hanging || this.swallow?.({ said: link.said, request })) {
      this.counts.swallowed++;
      return 'swallow';
    }
    const rule = this.drops.find(({ request: pattern, times }) => times > 0 && pattern.test(request));
    if (!rule) return 'pass';
    rule.times--;
    this.counts.repliesDropped++;
    return 'drop-reply';
  }
}

interface LinkRules {
  onRequest: (request: string) => 'pass' | 'swallow' | 'drop-reply';
  onReply: (bytes: number) => boolean;
  treatment: () => Treatment;
  onEnd: (how: 'cut' | 'reset' | undefined) => void;
}

/** One client and its connection to the server. */
class Link {
  said = '';
  brought = 0;
  /** Nothing of it comes through any more. */
  hanging = false;
  private dropsReply = false;
  /** Data that waits to be passed on, and the time of the last of it, ms. */
  private readonly late: Buffer[] = [];
  private dueAt = 0;
  private over = false;

  constructor(
    private readonly client: Socket,
    private readonly server: Socket,
    private readonly rules: LinkRules,
  ) {
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      socket.on('close', () => this.end(undefined));
    }
    client.on('data', (data) => this.up(data));
    server.on('data', (data) => this.down(data));
  }

  end(how: 'cut' | 'reset' | undefined): void {
    if (this.over) return;
    this.over = true;
    if (how === 'reset') this.client.resetAndDestroy();
    else this.client.destroy();
    this.server.destroy();
    this.rules.onEnd(how);
  }

  private up(data: Buffer): void {
    const request = data.toString('latin1');
    if (this.said.length < KEPT) this.said += request.slice(0, KEPT);
    const what = this.rules.onRequest(request);
    if (what === 'swallow') {
      this.hanging = true;
      return;
    }
    if (what === 'drop-reply') this.dropsReply = true;
    const { delayMs } = this.rules.treatment();
    // However the delay changes meanwhile: late bytes are never overtaken by later ones.
    const now = performance.now();
    this.dueAt = Math.max(this.dueAt, now + delayMs);
    this.late.push(data);
    if (this.dueAt <= now) this.forward();
    else setTimeout(() => this.forward(), this.dueAt - now);
  }

  private forward(): void {
    const data = this.late.shift();
    if (data) this.server.write(data);
  }

  private down(data: Buffer): void {
    if (this.hanging) return;
    if (this.dropsReply || !this.rules.onReply(data.length)) return this.end('cut');
    this.brought += data.length;
    const { bytesPerSecond } = this.rules.treatment();
    if (bytesPerSecond === 0) {
      this.client.write(data);
      return;
    }
    this.server.pause();
    this.client.write(data);
    setTimeout(() => this.server.resume(), (data.length / bytesPerSecond) * 1000);
  }
}
