import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { ApiClient } from '../support/api-client.js';
import { axeViolations } from '../support/axe-violations.js';
import { describeInBrowser, useBrowser } from '../support/browser.js';
import { Roost } from '../support/roost.js';
import { until } from '../support/until.js';

describeInBrowser('the overview', () => {
  const browser = useBrowser();
  let roost: Roost;
  let api: ApiClient;

  beforeAll(async () => {
    roost = await Roost.start({ env: { WORKER_NAME: 'overview-1' } });
    api = new ApiClient(roost.url);
  });

  afterAll(() => roost?.stop());

  it('follows / from the forms of a new system to the sentence of one that runs', async () => {
    const page = await browser.visit(roost.url);
    expect(await page.locator('#form-divide').count()).toBe(1);
    await page.click('#card-divide > summary');
    await page.fill('#divide-input-x', '4711');
    // The page stays a form while others submit: what is typed is not lost.
    const { id } = await api.submit('divide', { x: 22, y: 7, digits: 2 });
    await page.locator(`#row-${id}`).waitFor();
    expect(await page.inputValue('#divide-input-x')).toBe('4711');
    await page.goto('/');
    await page
      .locator('#health-sentence', { hasText: /^All fine: .*nothing waits, 1 of 1 worker\.$/ })
      .waitFor();
    expect(await page.innerText('.topbar nav [aria-current]')).toBe('Overview');
    expect((await page.goto('/monitor'))!.status()).toBe(200);
    await page.locator('#health.health-fine').waitFor();
  });

  for (const javaScriptEnabled of [true, false]) {
    it(`shows a paused queue, and resumes it ${javaScriptEnabled ? 'live' : 'without JavaScript'}`, async () => {
      const page = await browser.visit(roost.url, {
        javaScriptEnabled,
        viewport: { width: 390, height: 844 },
      });
      await api.call('POST', '/api/v1/queues/default/pause', { reason: 'deploy' });
      const task = await api.submit('divide', { x: 1, y: 4, digits: 2 });
      const shown = async () => {
        if (!javaScriptEnabled) await page.reload();
        return page.innerText('#health-sentence');
      };
      await until('the page shows it', async () => /paused.*deploy; 1 task waits\.$/.test(await shown()));
      expect(await page.locator('#finding-queue-default').count()).toBe(1);
      if (javaScriptEnabled) expect(await axeViolations(page)).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBe(0);
      await page.click('#health >> text=Resume');
      await page.waitForURL('**/monitor/queues/default**');
      await api.inState(task.id, ['completed']);
      await page.goto('/');
      await until('all is fine again', async () => /^All fine/.test(await shown()));
    });
  }
});
