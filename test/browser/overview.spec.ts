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

  it('reads a time of all charts by pointer, keys and touch, and zooms into a drag', async () => {
    const page = await browser.visit(`${roost.url}/monitor?range=24h&by=queue`, { hasTouch: true });
    const { x, y, width } = (await page.locator('#chart-finished').boundingBox())!;
    const readout = () => page.innerText('#readout');
    const at = (share: number) => x + width * share;
    await page.mouse.move(at(0.5), y + 40);
    await page.locator('#crosshair').waitFor();
    const middle = await readout();
    expect(middle).toMatch(/–\d\d:\d\d UTC: not recorded · Unfinished tasks – · Wait p50 –.* · Run p50 –/);
    await page.mouse.move(at(0.995), y + 40);
    expect(await readout()).toMatch(
      /so far: \d+ completed.* came in · Unfinished tasks \d+ · Wait p50 .* · Run p50 /,
    );
    await page.mouse.move(at(0.5), y + 40);
    await page.focus('#crosshair-area');
    await page.keyboard.press('ArrowLeft');
    expect(await readout()).not.toBe(middle);
    await page.keyboard.press('ArrowRight');
    expect(await readout()).toBe(middle);
    await page.touchscreen.tap(at(0.25), y + 40);
    expect(await readout()).not.toBe(middle);
    expect(new URL(page.url()).pathname).toBe('/monitor');

    await page.mouse.move(at(0.7), y + 40);
    await page.mouse.down();
    await page.mouse.move(at(0.8), y + 40);
    await page.mouse.move(at(0.9), y + 40);
    await page.mouse.up();
    await page.waitForURL(/from=.*&to=/);
    const { searchParams } = new URL(page.url());
    const minutes = (Date.parse(searchParams.get('to')!) - Date.parse(searchParams.get('from')!)) / 60_000;
    expect([searchParams.get('by'), minutes]).toEqual(['queue', 11 * 30]);
    expect(await page.locator('#chart-finished a.bar').count()).toBe(66);
    await page.click('#zoom-out');
    await page.waitForURL(`${roost.url}/?by=queue`);
    await page.focus('#crosshair-area');
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/tasks\?q=finished/);
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
