import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { axeViolations, COLOUR_RULES } from '../support/axe-violations.js';
import { ApiClient } from '../support/api-client.js';
import { describeInBrowser, live, useBrowser } from '../support/browser.js';
import { Roost } from '../support/roost.js';
import { until } from '../support/until.js';
import { DEFAULT_QUEUE_ONLY } from '../support/worker-settings.js';

describeInBrowser('numbers and errors', () => {
  const browser = useBrowser();
  let roost: Roost;
  let api: ApiClient;
  let group: string;

  const fail = async () => void (await api.submit('divide', { x: 1, y: 0 }));

  beforeAll(async () => {
    roost = await Roost.start({ env: { APP_VERSION: '1.5.0', ...DEFAULT_QUEUE_ONLY } });
    api = new ApiClient(roost.url);
    await api.submit('divide', { x: 22, y: 7 });
    await fail();
    group = await until('the failure has its group', async () => {
      const { items } = await api.get<{ items: { fingerprint: string }[] }>('/api/v1/errors');
      return items[0]?.fingerprint;
    });
  });

  afterAll(() => roost?.stop());

  for (const javaScriptEnabled of [true, false]) {
    it(`a group is resolved, comes back, and is ignored, ${javaScriptEnabled ? 'with' : 'without'} scripts`, async () => {
      const page = await browser.visit(`${roost.url}/monitor/errors`, { javaScriptEnabled });
      await page.click(`#error-${group} .row-link`);
      await page.waitForURL(`**/monitor/errors/${group}`);
      await page.click('#act-resolve > summary');
      await page.fill('#note-resolve', 'Put right.');
      await page.click('#act-resolve button');
      await page.locator('#toast', { hasText: 'Resolved' }).waitFor();
      expect(await page.innerText('#group-state')).toContain('resolved');
      expect(await page.innerText('#facts')).toMatch(/Put right\.$/);
      expect(await page.innerText('#facts')).toContain('by the web page');

      await fail();
      await until('it is back', async () => {
        const { state } = await api.get<{ state: string }>(`/api/v1/errors/${group}`);
        return state === 'regressed';
      });
      await page.goto('/monitor/errors?state=regressed');
      expect(await page.innerText(`#error-${group}`)).toMatch(/regressed[^]*back since/);
      await page.click(`#error-${group} .row-link`);
      await page.click('#act-ignore > summary');
      await page.click('#act-ignore button');
      await page.locator('#toast', { hasText: 'Ignored' }).waitFor();
      await page.goto('/monitor/errors');
      expect(await page.innerText('#errors')).toContain('Nothing is unsolved');
      await page.click('#errors-ignored');
      await page.click(`#error-${group} .row-link`);
      await page.click('#act-reopen > summary');
      await page.click('#act-reopen button');
      await page.locator('#toast', { hasText: 'Open again' }).waitFor();
    });
  }

  it('the range stays in the address, and its numbers lead to the tasks behind them', async () => {
    const page = await browser.visit(`${roost.url}/monitor`);
    await page.click('.range >> text=24 h');
    await page.waitForURL(`${roost.url}/?range=24h`);
    expect(await page.innerText('.range [aria-current]')).toBe('24 h');
    await page.click('#table >> text=Workers');
    await page.waitForURL(/range=24h&by=worker/);
    await page.click('#table thead >> text=Run p95');
    await page.waitForURL(/sort=run-p95/);
    expect(await page.locator('#table th[aria-sort=descending]').innerText()).toBe('Run p95');
    await page.click('#number-failures a');
    await page.waitForURL(/\/tasks\?q=state%3Afailed/);
    await page.locator('main [id^="row-"]').first().waitFor();
  });

  it('numbers change in place as tasks end', async () => {
    const page = await browser.visit(`${roost.url}/monitor`);
    await live(page);
    const before = await page.innerText('#number-throughput .number-note');
    await api.submit('divide', { x: 22, y: 7 });
    await until(
      'the page counts it',
      async () => (await page.innerText('#number-throughput .number-note')) !== before,
    );
  });

  it('g e leads to the errors', async () => {
    const page = await browser.visit(roost.url);
    await page.keyboard.press('g');
    await page.keyboard.press('e');
    await page.waitForURL('**/monitor/errors');
    expect(await page.innerText('.topbar [aria-current]')).toBe('Errors');
  });

  for (const [name, options] of [
    ['light', { colorScheme: 'light' }],
    ['dark', { colorScheme: 'dark' }],
    ['on a phone', { viewport: { width: 390, height: 844 } }],
  ] as const) {
    it(`axe finds nothing, and nothing is wider than the page: ${name}`, async () => {
      const page = await browser.visit(roost.url, options);
      for (const path of [
        '/monitor',
        '/monitor?range=30d&by=queue',
        '/monitor/errors',
        '/monitor/errors?q=no+such+text',
        `/monitor/errors/${group}`,
      ]) {
        await page.goto(path);
        const rules = name === 'dark' ? COLOUR_RULES : undefined;
        expect([path, await axeViolations(page, rules)]).toEqual([path, []]);
        const wider = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
        expect([path, wider]).toEqual([path, 0]);
      }
    });
  }
});
