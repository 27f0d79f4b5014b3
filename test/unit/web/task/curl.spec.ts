import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import type { TaskState } from '../../../../src/model/states.js';
import type { TaskView } from '../../../../src/model/task-view.js';
import { toCurls } from '../../../../src/web/task/curl.js';
import { toOffered } from '../../../../src/web/kit/offered-acts.js';
import { sampleTask } from '../page-models/samples.js';

const BASE = 'http://localhost:5000';
const curlsOf = (base: string, task: TaskView) => toCurls(base, task, toOffered(task, undefined));
const offered = (parts: Parameters<typeof sampleTask>[0]) =>
  curlsOf(BASE, sampleTask(parts)).map(({ id }) => id);

describe('the curl commands', () => {
  it.each<[TaskState, string[]]>([
    ['waiting', ['get', 'cancel', 'submit', 'delete']],
    ['delayed', ['get', 'cancel', 'promote', 'submit', 'delete']],
    ['active', ['get', 'cancel', 'submit']],
    ['completed', ['get', 'submit', 'delete']],
    ['failed', ['get', 'retry', 'submit', 'delete']],
  ])('of a task that is %s are those that apply', (state, ids) => {
    expect(offered({ state })).toEqual(ids);
  });

  it('of a task that only the history has do not retry it', () => {
    expect(offered({ state: 'failed', source: 'history' })).toEqual(['get', 'submit', 'delete']);
  });

  it('only look at a task of another program, in its queue', () => {
    const self = '/api/v1/tasks/1?queue=bull%3Amail';
    const links = { ...sampleTask().links, self, page: '/tasks/1?queue=bull%3Amail' };
    const commands = curlsOf(BASE, sampleTask({ source: 'history', links }));
    expect(commands.map(({ text }) => text)).toEqual([`curl -s '${BASE}${self}'`]);
  });

  it('cannot submit an input that was not kept whole', () => {
    expect(offered({ input: undefined, cut: ['input'] })).toEqual(['get', 'delete']);
  });
});

const run = promisify(execFile);
const HOSTILE = `it's $(touch /tmp/no) \`x\` "y" \\ !! \n é %s @/etc/passwd ' '`;

describe('a curl command, run by a shell', () => {
  let server: Server;
  let base: string;
  let seen: { method?: string; url?: string; type?: string; body: string }[];

  beforeAll(async () => {
    seen = [];
    server = createServer((req, res) => {
      let body = '';
      req.setEncoding('utf8').on('data', (text: string) => (body += text));
      req.on('end', () => {
        seen.push({ method: req.method, url: req.url, type: req.headers['content-type'], body });
        res.end(req.url?.endsWith('/input') ? JSON.stringify({ text: 'x'.repeat(50_000) }) : '{}');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterAll(() => void server.close());

  it('sends the input exactly as it is, whatever stands in it', async () => {
    const input = { text: HOSTILE, [HOSTILE]: [HOSTILE] };
    const command = curlsOf(base, sampleTask({ type: HOSTILE, input })).find(({ id }) => id === 'submit')!;
    await run('sh', ['-c', command.text]);
    const { method, url, type, body } = seen.at(-1)!;
    expect([method, url, type]).toEqual(['POST', '/api/v1/tasks', 'application/json']);
    expect(JSON.parse(body)).toEqual({ type: HOSTILE, input });
  });

  it('fetches an input that is too long for a command line', async () => {
    const input = { text: 'x'.repeat(50_000) };
    const command = curlsOf(base, sampleTask({ type: HOSTILE, input })).find(({ id }) => id === 'submit')!;
    expect(command.text.length).toBeLessThan(2_000);
    await run('sh', ['-c', command.text]);
    expect(JSON.parse(seen.at(-1)!.body)).toEqual({ type: HOSTILE, input });
  });

  it('acts on the task it is about', async () => {
    const task = sampleTask({ id: `a'b c`, state: 'delayed' });
    for (const { text } of curlsOf(base, task)) await run('sh', ['-c', text]);
    expect(seen.slice(-5).map(({ method, url }) => `${method} ${url}`)).toEqual([
      `GET /api/v1/tasks/a'b%20c`,
      `POST /api/v1/tasks/a'b%20c/cancel`,
      `POST /api/v1/tasks/a'b%20c/promote`,
      'POST /api/v1/tasks',
      `DELETE /api/v1/tasks/a'b%20c`,
    ]);
  });
});
