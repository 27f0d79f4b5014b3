import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { ExportedEntry } from '../../../src/audit/audit-view.js';
import { AuditExporter } from '../../../src/audit/export/audit-exporter.js';
import type { AuditSink } from '../../../src/audit/export/audit-sink.js';
import { toSink } from '../../../src/audit/export/to-sink.js';
import { parseAuditExport } from '../../../src/platform/config/audit-export.js';
import type { AuditEntry, AuditStore } from '../../../src/history/ports/audit-store.js';
import { toAuditWarnings } from '../../../src/monitoring/warnings.js';
import { until } from '../../support/until.js';
import { StoreFixture } from '../history/sqlite/store-fixture.js';

const entry = (n: number, more: Partial<AuditEntry> = {}): AuditEntry => ({
  ...{ at: Date.UTC(2026, 10, 22) + n, who: 'ada', via: 'session', from: '127.0.0.1', method: 'DELETE' },
  ...{
    permission: 'tasks.act',
    route: '/:id',
    path: `/t${n}`,
    targets: [`t${n}`],
    reason: 'Grüße\n<13>1 🐋',
  },
  ...{ status: 204, outcome: 'done', code: '', requestId: `r${n}` },
  ...more,
});
const silent = pino({ level: 'silent' });

describe('AUDIT_EXPORT', () => {
  it.each([
    ['', undefined],
    ['file:/var/log/audit.jsonl', { kind: 'file', path: '/var/log/audit.jsonl' }],
    ['syslog://log.internal', { kind: 'udp', host: 'log.internal', port: 514 }],
    ['syslog+tcp://[::1]:1601', { kind: 'tcp', host: '::1', port: 1601 }],
    ['syslog+tls://log.internal', { kind: 'tls', host: 'log.internal', port: 6514 }],
  ])('%s', (text, target) => {
    expect(parseAuditExport(text)).toEqual(target);
  });

  it.each([
    'file:',
    'file://x/y',
    'syslog:host',
    'syslog+udp6://h',
    'http://h',
    'syslog://h:0',
    'syslog://[h]',
    'x',
  ])('is refused as %s, with what would be right', (text) => {
    expect(() => parseAuditExport(text)).toThrow(/^must (be file: and a path, or syslog|have a port)/);
  });
});

describe('S47: the export of the audit', () => {
  let fixture: StoreFixture;
  let store: AuditStore;
  const exporters: AuditExporter[] = [];
  const folder = mkdtempSync(join(tmpdir(), 'roost-export-'));
  let file: string;

  beforeEach(() => {
    fixture = new StoreFixture();
    const { engine } = fixture;
    store = {
      append: async (entries) => engine.appendAudit(entries),
      links: async (after, limit) => engine.auditLinks(after, limit),
      claimExport: async (...args) => engine.claimAuditExport(...args),
      noteExport: async (...args) => engine.noteAuditExport(...args),
      releaseExport: async (...args) => engine.releaseAuditExport(...args),
    } as AuditStore;
    file = join(folder, `${Math.random()}.jsonl`);
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  afterEach(async () => {
    await Promise.all(exporters.splice(0).map((one) => one.stop()));
    fixture.engine.close();
  });

  const start = async (sink: AuditSink, target = 'a target') => {
    const one = new AuditExporter(sink, target, store, silent);
    exporters.push(one);
    await one.start();
    return one;
  };
  const read = () =>
    readFileSync(file, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as ExportedEntry);
  const paths = () => read().map(({ path }) => path);

  it('writes each entry to a file, whole, in order, from the start on, and goes on after a restart', async () => {
    await store.append([entry(0)]);
    const first = await start(toSink({ kind: 'file', path: file }));
    await store.append([entry(1), entry(2, { who: '', outcome: 'refused' })]);
    await first.stop();
    expect(read()).toEqual([
      expect.objectContaining({ no: 2, link: 2, who: 'ada', targets: ['t1'], reason: 'Grüße\n<13>1 🐋' }),
      expect.objectContaining({ no: 3, link: 3, who: null, hash: expect.stringMatching(/^[\w-]{43}$/) }),
    ]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    // Half a line, as a crash leaves it.
    appendFileSync(file, '{"no":');
    await store.append([entry(3)]);
    const second = await start(toSink({ kind: 'file', path: file }));
    await second.stop();
    expect(readFileSync(file, 'utf8').split('\n').slice(2)).toEqual([
      '{"no":',
      expect.stringContaining('/t3'),
      '',
    ]);
  });

  it('loses nothing while its target refuses, reports it, and catches up', async () => {
    let isDown = true;
    const sent: string[] = [];
    const sink: AuditSink = {
      send: async (entries) => {
        if (isDown) throw new Error('the disk is full');
        sent.push(...entries.map(({ path }) => path));
      },
      close: () => undefined,
    };
    const one = await start(sink);
    const hour = Date.now() + 3_600_000;
    await store.append(Array.from({ length: 450 }, (_, n) => entry(n)));
    const now = Date.now;
    try {
      // Each attempt is an hour after the one before it: that is more than a hiccup.
      await (one as unknown as { run(): Promise<void> }).run();
      expect(one.lasting).toBeUndefined();
      Date.now = () => hour;
      await (one as unknown as { run(): Promise<void> }).run();
    } finally {
      Date.now = now;
    }
    expect(one.lasting).toMatchObject({ target: 'a target', behind: 450, why: 'the disk is full' });
    expect(toAuditWarnings(one.lasting)).toMatchObject([
      { code: 'AUDIT_EXPORT_BEHIND', message: expect.stringContaining('the disk is full. 450 entries wait') },
    ]);
    isDown = false;
    await (one as unknown as { run(): Promise<void> }).run();
    expect(one.lasting).toBeUndefined();
    expect(sent).toEqual(Array.from({ length: 450 }, (_, n) => `/t${n}`));
  });

  it('is done by one of two web apps at a time, each entry once', async () => {
    const [a, b] = [
      await start(toSink({ kind: 'file', path: file })),
      await start(toSink({ kind: 'file', path: file })),
    ];
    await store.append([entry(1), entry(2)]);
    await b.stop();
    await store.append([entry(3)]);
    await a.stop();
    expect(paths()).toEqual(['/t1', '/t2', '/t3']);
  });

  it('speaks RFC 5424 over TCP, behind the length, in ASCII, also after the other end was away', async () => {
    let received = '';
    const sockets = new Set<Socket>();
    const listen = async (port: number): Promise<Server> => {
      const server = createServer((socket) => {
        sockets.add(socket);
        socket.setEncoding('utf8').on('data', (text: string) => (received += text));
        socket.on('error', () => undefined);
      }).listen(port, '127.0.0.1');
      await once(server, 'listening');
      return server;
    };
    let server = await listen(0);
    const { port } = server.address() as AddressInfo;
    const one = await start(toSink({ kind: 'tcp', host: '127.0.0.1', port }));
    const run = () => (one as unknown as { run(): Promise<void> }).run();
    await store.append([entry(1)]);
    await run();
    await until('it has arrived', () => received.includes('/t1'));
    const [, length, rest] = /^(\d+) ([^]*)$/.exec(received)!;
    expect(rest).toHaveLength(Number(length));
    expect(rest).toMatch(/^<110>1 2026-11-22T00:00:00\.001Z \S+ roost \d+ audit - \{[\x20-\x7e]+\}$/);
    expect(JSON.parse(rest!.slice(rest!.indexOf('{')))).toMatchObject({ no: 1, reason: 'Grüße\n<13>1 🐋' });

    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
    await until('it notices', async () => {
      await store.append([entry(2)]);
      await run();
      return (one as unknown as { failures: number }).failures > 0;
    });
    server = await listen(port);
    await run();
    await store.append([entry(3)]);
    await run();
    await until('it has arrived', () => received.includes('/t3'));
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  it('sends a datagram for each entry over UDP, and notices that nobody listens', async () => {
    const receiver = createSocket('udp4');
    const received: string[] = [];
    receiver.on('message', (message) => received.push(message.toString()));
    receiver.bind(0, '127.0.0.1');
    await once(receiver, 'listening');
    const { port } = receiver.address();
    const sink = toSink({ kind: 'udp', host: '127.0.0.1', port });
    const one = await start(sink);
    const run = () => (one as unknown as { run(): Promise<void> }).run();
    const many = Array.from({ length: 100 }, (_, i) => String(i).padEnd(500, '🐋'));
    await store.append([entry(1), entry(2, { targets: many, outcome: 'refused' })]);
    await run();
    await until('both have arrived', () => received.length === 2);
    expect(received[0]).toMatch(/^<110>1 /);
    expect(received[1]).toMatch(/^<108>1 /);
    receiver.close();
    await once(receiver, 'close');
    await until('it notices', async () => {
      await store.append([entry(3)]);
      await run();
      return (one as unknown as { failures: number }).failures > 0;
    });
  });
});
