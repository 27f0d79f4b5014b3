import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeInBrowser, useBrowser } from '../support/browser.js';
import { Roost } from '../support/roost.js';

describeInBrowser('the page of the API', () => {
  const browser = useBrowser();
  let roost: Roost;

  beforeAll(async () => {
    roost = await Roost.start();
  });

  afterAll(() => roost.stop());

  it('comes from here alone, breaks no rule of its own, and hands in a task', async () => {
    const page = await browser.visit(`${roost.url}/api/docs`);
    const hosts = new Set<string>();
    page.on('request', (request) => hosts.add(new URL(request.url()).origin));
    const submit = page.locator('#operations-Submit-submitTask');
    await submit.locator('.opblock-summary-control').click();
    await submit.locator('.execute').click();
    const answer = submit.locator('.live-responses-table .response');
    await answer.waitFor();
    expect(await answer.innerText()).toMatch(/^202[^]*"state": "waiting"/);
    expect([...hosts]).toEqual([roost.url]);
  });

  it('leads from the type of a problem to what is said about it', async () => {
    const answer = await fetch(`${roost.url}/api/v1/tasks/nope`);
    const { type } = (await answer.json()) as { type: string };
    const page = await browser.visit(roost.url + type, {
      // Swagger UI takes the underscores behind the # for blanks, and says so.
      allow: [/escaping deep link whitespace/],
    });
    const row = page.locator('tr.pointed-at');
    await row.waitFor();
    expect(await row.innerText()).toMatch(/TASK_NOT_FOUND\s+404\s+No such task/);
    expect(await row.evaluate((element) => element.getBoundingClientRect().top)).toBeGreaterThan(0);
  });
});
