import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ApiContract } from '../support/api-contract.js';
import { rawRequest } from '../support/raw-request.js';
import { ApiFuzzer, type FuzzedRequest } from './support/api-fuzzer.js';
import { nightly, percentile, printFigures } from './support/figures.js';
import { Random } from './support/random.js';
import { World } from './support/world.js';

const random = Random.ofRun();
const REQUESTS = nightly(100_000, 10_000);
const RAW = nightly(20_000, 2_000);
const AT_ONCE = 8;
const HUNG_MS = 5_000;
/** These end the worker, as they should, or are answered when somebody logs in elsewhere. */
const LEFT_OUT = /workers\/\{id\}\/(stop|drain)|workers\/commands|\/auth\/|\/access\//;

describe('F1, F2: fuzzed requests', () => {
  let world: World;
  let contract: ApiContract;

  beforeAll(async () => {
    world = await World.start({ workers: 1 });
    const answer = await fetch(`${world.url}/api/openapi.json`);
    contract = new ApiContract((await answer.json()) as Record<string, unknown>);
  }, 60_000);
  afterAll(() => world.stop(), 30_000);

  it(
    'are all answered, in time, as documented, and what is accepted is there',
    async () => {
      const { items: workers } = await world.api.get<{ items: { id: string }[] }>('/api/v1/workers');
      const tasks: string[] = [];
      for (let n = 0; n < 20; n++)
        tasks.push(
          (await world.api.submit('divide', { x: n, y: n % 3 }, n % 2 ? { delayMs: 3_600_000 } : undefined))
            .id,
        );
      const known = {
        id: tasks,
        worker: workers.map(({ id }) => id),
        name: ['default', 'cpu'],
        type: ['divide', 'process-text'],
        command: ['ping', 'concurrency', 'autoscale', 'pause', 'resume', 'add-consumer', 'cancel-consumer'],
      };
      const fuzzer = new ApiFuzzer(contract, random, known, ({ path }) => LEFT_OUT.test(path));
      const statuses: Record<string, number> = {};
      const faults: string[] = [];
      const took: number[] = [];
      const accepted: string[] = [];
      let sent = 0;
      const one = async (request: FuzzedRequest) => {
        const { method, path, call, headers, body } = request;
        const name = `${method} ${path.slice(0, 200)} ${JSON.stringify(headers).slice(0, 200)} ${body?.slice(0, 300) ?? ''}`;
        const startedAt = performance.now();
        try {
          const response = await fetch(world.url + path, {
            method,
            headers,
            ...(body === undefined ? {} : { body }),
            redirect: 'manual',
            signal: AbortSignal.timeout(HUNG_MS),
          });
          const kind = response.headers.get('content-type') ?? '';
          const isStream = kind.startsWith('text/event-stream');
          const text = isStream ? '' : await response.text();
          if (isStream) await response.body?.cancel();
          took.push(performance.now() - startedAt);
          statuses[response.status] = (statuses[response.status] ?? 0) + 1;
          if (response.status >= 500) faults.push(`${response.status}: ${name}\n  ${text.slice(0, 300)}`);
          else if (call && !isStream) {
            const parsed: unknown =
              text === '' ? undefined : /json/.test(kind) && !/ndjson/.test(kind) ? JSON.parse(text) : text;
            contract.check(method, path, {
              status: response.status,
              headers: response.headers,
              body: parsed,
            });
            if (response.status === 202 && call.path === '/api/v1/tasks')
              accepted.push((parsed as { id: string }).id);
          }
        } catch (error) {
          const { name: kind, message } = error as Error;
          faults.push(`${kind === 'TimeoutError' ? 'hung' : `${kind}: ${message.slice(0, 500)}`}: ${name}`);
        }
      };
      const hand = async () => {
        while (sent < REQUESTS) {
          sent++;
          await one(fuzzer.next());
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, hand));
      const lookups = await Promise.all(
        accepted.slice(-500).map(async (id) => (await world.api.call('GET', `/api/v1/tasks/${id}`)).status),
      );
      printFigures('F1 API fuzz', random, {
        requests: took.length,
        statuses,
        faults: faults.length,
        p99Ms: percentile(took, 0.99),
        accepted: accepted.length,
        acceptedUnknown: lookups.filter((status) => status === 404).length,
        exits: [world.web, ...world.workers].filter((app) => !app.isRunning).length,
      });
      expect(faults.slice(0, 10)).toEqual([]);
      expect(lookups).not.toContain(404);
      expect([world.web, ...world.workers].every((app) => app.isRunning)).toBe(true);
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    },
    nightly(3_600_000, 900_000),
  );

  it(
    'that are no HTTP are refused, and the next one is served',
    async () => {
      const parts = [
        'GET',
        'POST',
        'BREW',
        '',
        ' ',
        '/',
        '/api/v1/tasks',
        '/%',
        '\\',
        '*',
        'http://x/y',
        'HTTP/1.1',
        'HTTP/9.9',
        'HTTP/1.0',
        '\r\n',
        '\n',
        '\r',
        '\0',
        ':',
        'host: x',
        'content-length: 5',
        'content-length: -1',
        'content-length: 99999999999',
        'transfer-encoding: chunked',
        'transfer-encoding: gzip, chunked',
        '5\r\nhello\r\n',
        '0\r\n\r\n',
        'zz\r\n',
        'fffffffff\r\n',
        '\x80\xff',
        'x'.repeat(20_000),
        'expect: 100-continue',
        'upgrade: websocket',
        'connection: keep-alive, close',
      ];
      const statuses: Record<string, number> = {};
      let hung = 0;
      let sent = 0;
      const hand = async () => {
        while (sent < RAW) {
          sent++;
          let text = random.chance(0.5)
            ? 'POST /api/v1/tasks HTTP/1.1\r\nhost: x\r\nconnection: close\r\n'
            : '';
          for (let n = random.int(1, 8); n > 0; n--)
            text += random.pick(parts) + random.pick(['', ' ', '\r\n', '\r\n\r\n']);
          // The end of what is sent is the end of the connection, whatever it was.
          const answer = await rawRequest(world.url, [Buffer.from(text, 'latin1')], {
            end: true,
            limitMs: HUNG_MS,
          });
          if (answer.ms > HUNG_MS) hung++;
          statuses[answer.status] = (statuses[answer.status] ?? 0) + 1;
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, hand));
      const after = await world.api.submit('divide', { x: 1, y: 2 });
      printFigures('F2 raw HTTP', random, { requests: sent, statuses, hung, afterwards: after.state });
      expect(hung).toBe(0);
      expect(
        Object.keys(statuses).filter(
          (status) => Number(status) >= 500 && status !== '505' && status !== '501',
        ),
      ).toEqual([]);
      expect(world.web.isRunning).toBe(true);
    },
    nightly(600_000, 180_000),
  );
});
