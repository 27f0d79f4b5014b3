import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { hashPassword } from '../../src/access/password.js';
import { BrowserClient, csrfIn } from '../support/browser-client.js';
import { startApp, type RunningApp } from '../support/processes.js';
import { Roost } from '../support/roost.js';

const PASSWORD = 'a password for all of them';

/** As behind a proxy that sends each request to another process. */
describe('a login with two web processes', () => {
  let roost: Roost;
  let second: RunningApp;

  beforeAll(async () => {
    const hash = await hashPassword(PASSWORD, { logN: 10, r: 8, p: 1 });
    roost = await Roost.start({
      worker: false,
      env: { ACCESS_USERS: `ada:admin:${hash},vera:viewer:${hash}` },
    });
    second = await startApp('web', { ...roost.env });
  });

  afterAll(async () => {
    await second?.stop();
    await roost.stop();
  });

  const carry = (from: BrowserClient, to: string): BrowserClient => {
    const client = new BrowserClient(to);
    for (const [name, value] of from.cookies) client.cookies.set(name, value);
    return client;
  };

  it('is begun at one, used at the other with the token of a form of the first, and over for both', async () => {
    const begun = new BrowserClient(roost.url);
    const form = await begun.get('/login');
    // The form of one process, sent to the other.
    const there = carry(begun, second.url!);
    const answer = await there.post('/login', { name: 'ada', password: PASSWORD, _csrf: csrfIn(form.text) });
    expect(answer.status).toBe(303);
    const here = carry(there, roost.url);
    const _csrf = csrfIn((await here.get('/?type=divide')).text);
    expect(_csrf).toMatch(/^[\w-]{43}$/);
    const task = { type: 'divide', 'input.x': '1', 'input.y': '2', key: 'from-here', 'options.delay': '10' };
    const sent = await there.post('/?type=divide', { ...task, 'options.delayUnit': 'm', _csrf });
    expect([sent.status, sent.location]).toEqual([303, expect.stringMatching(/^\/tasks\//)]);
    expect((await there.post('/?type=divide', { ...task, key: 'without' })).status).toBe(403);
    expect((await here.post('/logout', { _csrf })).status).toBe(303);
    expect((await there.get('/tasks')).status).toBe(401);
    expect((await there.post('/?type=divide', { ...task, key: 'too late', _csrf })).status).toBe(401);
  });

  it('is guessed at ten times in both together', async () => {
    const clients = [new BrowserClient(roost.url), new BrowserClient(second.url!)];
    const forms = await Promise.all(clients.map(async (client) => csrfIn((await client.get('/login')).text)));
    const statuses: number[] = [];
    for (let i = 0; i < 14; i++) {
      const form = { name: 'vera', password: `guess ${i}`, _csrf: forms[i % 2]! };
      statuses.push((await clients[i % 2]!.post('/login', form)).status);
    }
    expect(statuses).toEqual([...Array<number>(10).fill(401), ...Array<number>(4).fill(429)]);
  });
});
