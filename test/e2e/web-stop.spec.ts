import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { ApiClient } from '../support/api-client.js';
import { EventStream } from '../support/event-stream.js';
import { startApp } from '../support/processes.js';
import { Roost } from '../support/roost.js';

const DIVIDE = { type: 'divide', input: { x: 10, y: 2 } };

interface Answer {
  status: number | undefined;
  headers: IncomingMessage['headers'];
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  body: any;
}

/** A request whose body is sent as the test likes. */
function begin(url: string, method: string, accept = 'application/json') {
  const sent = request(url, { method, headers: { 'content-type': 'application/json', accept } });
  sent.flushHeaders();
  const answer = once(sent, 'response').then(async ([message]: IncomingMessage[]): Promise<Answer> => {
    const { statusCode: status, headers } = message!;
    const body = await text(message!);
    return { status, headers, body: /json/.test(headers['content-type'] ?? '') ? JSON.parse(body) : body };
  });
  answer.catch(() => undefined);
  return { sent, answer };
}

function call(url: string, method = 'GET', body?: object, accept?: string): Promise<Answer> {
  const { sent, answer } = begin(url, method, accept);
  sent.end(body && JSON.stringify(body));
  return answer;
}

describe('a web app that is asked to stop', () => {
  let roost: Roost;

  beforeAll(async () => {
    // A stop on a busy machine takes its time; how long is not what is looked at here.
    roost = await Roost.start({ worker: false, env: { SHUTDOWN_TIMEOUT_MS: '120000' } });
  });
  afterAll(() => roost.stop());

  it('answers who waits, lets streams go, finishes what was begun, and sends away what comes new', async () => {
    const { web } = roost;
    const { id } = await new ApiClient(web.url!).submit('divide', DIVIDE.input);
    const all = await EventStream.open(`${web.url}/api/v1/events`);
    const one = await EventStream.open(`${web.url}/api/v1/tasks/${id}/events`);
    for (const stream of [all, one]) await stream.waitFor(({ event }) => event === 'snapshot');
    const submitted = call(`${web.url}/api/v1/tasks?wait=30`, 'POST', DIVIDE);
    await all.waitFor(({ event, data }) => event === 'change' && data.id !== id);
    const read = call(`${web.url}/api/v1/tasks/${id}?wait=30`);
    // Holds the stop until its last byte is there.
    const upload = begin(`${web.url}/api/v1/tasks`, 'POST');
    upload.sent.write('{"type":"divide","input":{"x":10,"y":2}');
    const trickle = setInterval(() => upload.sent.write(' '), 200);
    try {
      await call(`${web.url}/health/live`);
      web.signal('SIGTERM');

      const accepted = await submitted;
      expect(accepted.status).toBe(202);
      expect(accepted.headers).toMatchObject({ connection: 'close', location: accepted.body.links.self });
      expect(accepted.body).toMatchObject({ type: 'divide', state: 'waiting' });
      expect(await read).toMatchObject({ status: 200, body: { id, state: 'waiting' } });
      for (const stream of [all, one]) await stream.waitFor(({ event }) => event === 'bye');

      const refused = await call(`${web.url}/api/v1/tasks`, 'POST', DIVIDE);
      expect(refused.status).toBe(503);
      expect(refused.headers).toMatchObject({ connection: 'close', 'retry-after': '2' });
      expect(refused.body).toMatchObject({ code: 'SHUTTING_DOWN', status: 503 });
      const page = await call(`${web.url}/tasks`, 'GET', undefined, 'text/html');
      expect(page.status).toBe(503);
      expect(page.body).toContain('The web app is stopping');
      expect(await call(`${web.url}/health/ready`)).toMatchObject({ status: 503 });
      expect(await call(`${web.url}/health/live`)).toMatchObject({ status: 200 });
      expect(await call(`${web.url}/assets/base.css`)).toMatchObject({ status: 200 });
    } finally {
      clearInterval(trickle);
    }
    upload.sent.end('}');
    expect(await upload.answer).toMatchObject({ status: 202, headers: { connection: 'close' } });
    expect(await web.ended).toEqual({ code: 0, signal: null });
  });

  it('answers a task that was accepted as accepted, though Redis does not answer any more', async () => {
    const web = await startApp('web', roost.env);
    const events = await EventStream.open(`${web.url}/api/v1/events`);
    await events.waitFor(({ event }) => event === 'snapshot');
    const submitted = call(`${web.url}/api/v1/tasks?wait=30`, 'POST', DIVIDE);
    await events.waitFor(({ event }) => event === 'change');
    roost.redis.freeze();
    try {
      web.signal('SIGTERM');
      expect(await submitted).toMatchObject({ status: 202, body: { state: 'waiting' } });
    } finally {
      roost.redis.thaw();
    }
    await web.ended;
  });
});
