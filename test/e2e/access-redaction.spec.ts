import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { hashPassword } from '../../src/auth/password.js';
import { BrowserClient } from '../support/browser-client.js';
import { registeredRoutes } from '../support/registered-routes.js';
import { Roost } from '../support/roost.js';
import { until } from '../support/until.js';
import { DEFAULT_QUEUE_ONLY } from '../support/worker-settings.js';

const PASSWORD = 'a password for all of them';
const CANARY = 'canaryqx7531';
const FOLDED = new RegExp(CANARY, 'i');
/** Long enough to be left out of lists. */
const LONG = `${CANARY} ${'and more of it '.repeat(200)}`;

describe('what a rule hides', () => {
  let roost: Roost;
  let ids: string[];
  const people: Record<string, BrowserClient> = {};

  beforeAll(async () => {
    const hash = await hashPassword(PASSWORD, { logN: 10, r: 8, p: 1 });
    roost = await Roost.start({
      env: {
        ACCESS_USERS: `ada:admin:${hash},olga:operator:${hash}`,
        REDACT: '*.text, input.nothing',
        LOG_LEVEL: 'trace',
        ...DEFAULT_QUEUE_ONLY,
      },
    });
    for (const name of ['ada', 'olga']) {
      people[name] = new BrowserClient(roost.url);
      await people[name].signIn(name, PASSWORD);
    }
    const csrf = { 'x-csrf-token': await people.olga!.csrf() };
    const send = async (input: object, options = {}) => {
      const body = { type: 'process-text', input: { operation: 'upper', ...input }, options };
      const answer = await people.olga!.call('POST', '/api/v1/tasks', body, csrf);
      expect([answer.status, answer.text]).toEqual([202, expect.not.stringMatching(FOLDED)]);
      return (JSON.parse(answer.text) as { id: string }).id;
    };
    ids = [
      await send({ text: CANARY }),
      await send({ text: LONG }),
      await send({ text: CANARY }, { delayMs: 3_600_000 }),
    ];
    await until('both are done', async () => {
      const list = await people.olga!.call('GET', '/api/v1/tasks?state=completed');
      return (JSON.parse(list.text) as { total: number }).total === 2;
    });
  });

  afterAll(() => roost.stop());

  it('is in no answer to anything that can be asked, for whoever asks', async () => {
    const told: string[] = [];
    const asked = (await registeredRoutes(roost))
      .filter((route) => /^GET /.test(route) && !/\/(events|login|logout|oidc)/.test(route))
      .flatMap((route) => {
        const path = route.slice(4);
        return path.includes('{id}') ? ids.map((id) => path.replace('{id}', id)) : [path];
      })
      .map((path) => path.replace(/\{(name|queue)\}/, 'default').replace(/\{\w+\}/g, 'drain'));
    expect(asked.length).toBeGreaterThan(70);
    const more = [
      '/api/v1/tasks?limit=200',
      '/api/v1/tasks/export?format=ndjson',
      '/api/v1/tasks/export?format=csv',
      '/tasks?columns=type,input,result,error',
      `/submit?type=process-text&from=${ids[0]}`,
      '/tasks/bulk?action=delete&q=type:process-text',
      '/api/v1/tasks/suggest?q=can',
      '/api/v1/tasks/suggest?q=input.te',
      '/api/v1/tasks/suggest?q=input.text:',
      '/api/v1/audit?limit=500',
    ];
    for (const client of Object.values(people)) {
      for (const path of [...asked, ...more]) {
        const { text, status } = await client.call('GET', path, undefined, { accept: 'text/html, */*' });
        if (FOLDED.test(text)) told.push(path);
        expect([path, status]).toEqual([path, status < 500 ? status : 'no fault of ours']);
      }
    }
    expect(told).toEqual([]);
  });

  it('is seen to be hidden', async () => {
    const task = JSON.parse((await people.olga!.call('GET', `/api/v1/tasks/${ids[0]}`)).text);
    expect(task).toMatchObject({
      input: { text: '[hidden]', operation: 'upper' },
      result: { text: '[hidden]', words: 1 },
    });
    const page = await people.olga!.get(`/tasks/${ids[0]}`);
    expect(page.text).toContain('Some values are hidden by a rule.');
    expect(page.text).not.toContain('id="reveal"');
    const form = await people.olga!.get(`/submit?type=process-text&from=${ids[0]}`);
    expect(form.text).toContain('What is hidden of its input has to be typed again.');
    expect(form.text).not.toMatch(/value="\[hidden\]"|\[hidden\]<\/textarea>/);
  });

  it('is in no event', async () => {
    const { olga } = people as { olga: BrowserClient };
    const cookie = [...olga.cookies].map((pair) => pair.join('=')).join('; ');
    const answer = await fetch(`${roost.url}/api/v1/tasks/${ids[2]}/events`, { headers: { cookie } });
    const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
    let heard = '';
    const hear = async (what: string) => {
      while (!heard.includes(what)) heard += (await reader.read()).value ?? '';
    };
    await hear('event: snapshot');
    const csrf = { 'x-csrf-token': await olga.csrf() };
    await olga.call('POST', `/api/v1/tasks/${ids[2]}/promote`, undefined, csrf);
    await hear('"state":"completed"');
    await reader.cancel();
    expect(heard).toContain('"text":"[hidden]"');
    expect(heard).not.toMatch(FOLDED);
  });

  it('is found by no search, by word or by path', async () => {
    const { ada } = people as { ada: BrowserClient };
    const total = async (q: string) =>
      (
        JSON.parse((await ada.call('GET', `/api/v1/tasks?q=${encodeURIComponent(q)}`)).text) as {
          total: number;
        }
      ).total;
    expect(await total('upper')).toBe(3);
    expect(await total('input.operation:upper')).toBe(3);
    for (const q of [CANARY, `${CANARY.slice(0, 6)}*`, `input:${CANARY}`, `result:${CANARY}`])
      expect([q, await total(q)]).toEqual([q, 0]);
    for (const q of [`input.text:${CANARY}`, 'result.text:CAN*', 'NOT (type:x OR input.text:*)']) {
      const answer = await ada.call('GET', `/api/v1/tasks?q=${encodeURIComponent(q)}`);
      expect([q, answer.status, answer.text]).toEqual([
        q,
        400,
        expect.stringContaining('hidden by a REDACT rule'),
      ]);
    }
  });

  it('is run again whole, though nobody saw it', async () => {
    const { olga } = people as { olga: BrowserClient };
    const _csrf = await olga.csrf();
    const { location } = await olga.post(`/tasks/${ids[0]}/again`, { key: 'again', _csrf });
    const id = location!.split(/[/?]/)[2]!;
    await until('it is done', async () => {
      const task = JSON.parse((await olga.call('GET', `/api/v1/tasks/${id}?wait=5`)).text) as {
        state: string;
      };
      return task.state === 'completed';
    });
    const whole = await people.ada!.call('GET', `/api/v1/tasks/${id}?reveal=1`);
    expect(JSON.parse(whole.text)).toMatchObject({
      input: { text: CANARY },
      result: { text: CANARY.toUpperCase() },
    });
  });

  it('is shown to who may see it and asks, and the audit has that', async () => {
    const { ada, olga } = people as { ada: BrowserClient; olga: BrowserClient };
    const [id] = ids;
    const page = await ada.get(`/tasks/${id}`);
    const [, href] = /href="([^"]*reveal&#x3D;1[^"]*)"/.exec(page.text)!;
    const ways = [
      href!.replaceAll('&#x3D;', '=').replace(/#.*/, ''),
      `/api/v1/tasks/${id}?reveal=1`,
      `/api/v1/tasks/${id}/input?reveal=1`,
      `/api/v1/tasks/export?q=id:${id}&reveal=1`,
      `/api/v1/tasks/export?format=ndjson&reveal=1`,
    ];
    for (const path of ways) {
      const refused = await olga.call('GET', path);
      expect([path, refused.status, FOLDED.test(refused.text)]).toEqual([path, 403, false]);
      const shown = await ada.call('GET', path, undefined, { accept: 'text/html, */*' });
      expect([path, shown.status, FOLDED.test(shown.text)]).toEqual([path, 200, true]);
      // It is of this one answer.
      expect((await ada.call('GET', path.replace(/[?&]reveal=1/, ''))).text).not.toMatch(FOLDED);
    }
    const { text } = await ada.call('GET', '/api/v1/audit?permission=secrets.reveal&limit=100');
    const { items } = JSON.parse(text) as { items: { who: string; outcome: string; path: string }[] };
    for (const path of ways.map((way) => way.split('?')[0])) {
      expect(items).toContainEqual(expect.objectContaining({ who: 'ada', outcome: 'done', path }));
      expect(items).toContainEqual(expect.objectContaining({ who: 'olga', outcome: 'refused', path }));
    }
  });

  it('is not shown by a link from elsewhere, to whoever may see it', async () => {
    const { ada } = people as { ada: BrowserClient };
    for (const path of [`/tasks/${ids[0]}?reveal=1`, `/api/v1/tasks/${ids[0]}?reveal=1`]) {
      for (const site of ['cross-site', 'same-site', 'none']) {
        const link = {
          'sec-fetch-site': site,
          ...{ 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' },
        };
        const { status, text } = await ada.call('GET', path, undefined, link);
        expect([path, site, status]).toEqual([path, site, 403]);
        expect(text).not.toMatch(FOLDED);
      }
      const here = await ada.call('GET', path, undefined, { 'sec-fetch-site': 'same-origin' });
      expect(here.status).toBe(200);
    }
  });

  it('is not found out by the idempotency key of somebody else', async () => {
    const { ada, olga } = people as { ada: BrowserClient; olga: BrowserClient };
    const submit = async (client: BrowserClient, text: string) => {
      const headers = { 'x-csrf-token': await client.csrf(), 'idempotency-key': 'one-key' };
      const body = { type: 'process-text', input: { text, operation: 'upper' } };
      const answer = await client.call('POST', '/api/v1/tasks', body, headers);
      return { status: answer.status, id: (JSON.parse(answer.text) as { id: string }).id };
    };
    const first = await submit(ada, CANARY);
    expect(await submit(ada, CANARY)).toEqual({ status: 200, id: first.id });
    // A right guess and a wrong one are answered alike.
    expect((await submit(olga, 'a guess')).status).toBe(202);
    const again = await submit(olga, 'a guess');
    expect([again.status, again.id === first.id]).toEqual([200, false]);
  });

  it('is in no log', () => {
    const { web, worker, terminal } = roost.logs();
    expect(web.length).toBeGreaterThan(1000);
    for (const text of [web, worker, terminal]) {
      expect(text).not.toMatch(FOLDED);
      expect(text).not.toContain(PASSWORD);
      for (const client of Object.values(people))
        for (const secret of client.cookies.values()) expect(text).not.toContain(secret);
    }
  });
});
