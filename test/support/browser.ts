import { afterAll, afterEach, beforeAll, describe, jest } from '@jest/globals';
import { existsSync } from 'node:fs';
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
  type Request,
} from 'playwright-core';
import { mustEnd } from './left-running.js';

const CHROME = process.env.CHROME_BIN ?? '/usr/bin/chromium';

/** `npm test` finds or installs a browser and counts what is skipped without one; see scripts/test-suite.mjs. */
export const describeInBrowser = existsSync(CHROME) ? describe : describe.skip;

/** Features that Playwright disables. A second switch of this name replaces its own. */
const DISABLED_BY_PLAYWRIGHT = [
  ...['AvoidUnnecessaryBeforeUnloadCheckSync', 'DestroyProfileOnBrowserClose', 'HttpsUpgrades'],
  ...['HttpsFirstBalancedModeAutoEnable', 'LensOverlay', 'MediaRouter', 'PaintHolding'],
  ...['ThirdPartyStoragePartitioning', 'AvoidCorsURLLoaderRestartOnRedirect', 'OptimizationHints'],
  ...['NetworkTimeServiceQuerying', 'AimEnabled', 'PreconnectToSearch', 'TcpPortRandomizationWin'],
];

const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  // Containers give /dev/shm 64 MB.
  '--disable-dev-shm-usage',
  // A new frame for each page of the same site costs a seventh of the processor time.
  `--disable-features=${[...DISABLED_BY_PLAYWRIGHT, 'RenderDocument'].join(',')}`,
];

/** A page that is left takes what it was still loading with it: its event stream, a redraw under way. */
const LEFT_BEHIND = /net::ERR_ABORTED/;

/** How long to wait for something to appear or to be reached before the test fails, ms. */
const PATIENCE_MS = 150_000;

/** Timeout of one test with all its pages on a busy machine, ms. */
const TEST_MS = 300_000;

interface VisitOptions extends BrowserContextOptions {
  /** Problems this test brings about on purpose; all others fail it. */
  allow?: RegExp[];
}

/** Requests that may get this status: the browser reports any from 400 on as an error of the page. */
export function status(code: number): RegExp {
  return new RegExp(`the server responded with a status of ${code}\\b`);
}

/** Opens the card of this task type on the home page. */
export async function openForm(page: Page, type: string): Promise<void> {
  const card = page.locator(`#card-${type}`);
  if ((await card.getAttribute('open')) === null) await card.locator('> summary').click();
}

/** Waits until the page hears of what happens. */
export async function live(page: Page): Promise<void> {
  await page.locator('#live[data-live-state=live]').waitFor();
}

/**
 * One Chromium for a spec file, closed behind it; each `visit` has cookies, storage and cache of its own. A test
 * fails on anything its pages complain of, whatever it looks at itself. To be called inside a describe.
 */
export function useBrowser(): TestBrowser {
  jest.setTimeout(TEST_MS);
  const browser = new TestBrowser();
  beforeAll(() => browser.launch());
  afterEach(() => browser.leaveAll());
  afterAll(() => browser.close());
  return browser;
}

class TestBrowser {
  private browser: Browser | undefined;
  private readonly contexts: BrowserContext[] = [];
  private problems: string[] = [];
  private allowed: RegExp[] = [];

  async launch(): Promise<void> {
    const browser = await chromium.launch({ executablePath: CHROME, args: ARGS });
    this.browser = browser;
    mustEnd({ name: 'Chromium', isRunning: () => browser.isConnected(), kill: () => browser.close() });
  }

  /** The page at this address in a fresh browser of a person. */
  async visit(url: string, { allow = [], ...options }: VisitOptions = {}): Promise<Page> {
    const { origin } = new URL(url);
    const context = await this.browser!.newContext({
      baseURL: origin,
      timezoneId: 'Europe/Berlin',
      // Without a graphics card each frame of an animation is painted by the processor.
      reducedMotion: 'reduce',
      ...options,
    });
    this.contexts.push(context);
    this.allowed.push(...allow);
    context.setDefaultTimeout(PATIENCE_MS);
    await this.watch(context, origin);
    const page = await context.newPage();
    await page.goto(url);
    return page;
  }

  /** Ends all visits; fails with what their pages complained of. */
  async leaveAll(): Promise<void> {
    await Promise.all(this.contexts.splice(0).map((context) => context.close()));
    const unexpected = this.problems.filter(
      (problem) => !this.allowed.some((pattern) => pattern.test(problem)),
    );
    this.problems = [];
    this.allowed = [];
    if (unexpected.length > 0) throw new Error(`The pages complained:\n  ${unexpected.join('\n  ')}`);
  }

  async close(): Promise<void> {
    await this.browser?.close();
  }

  private async watch(context: BrowserContext, origin: string): Promise<void> {
    const report = (problem: string) => void this.problems.push(problem);
    await context.exposeFunction('reportCspViolation', (what: string) =>
      report(`content security policy: ${what}`),
    );
    await context.addInitScript(`addEventListener('securitypolicyviolation', (event) =>
      reportCspViolation([event.violatedDirective, event.blockedURI, event.sample].join(' ')));`);
    context.on('console', (message) => {
      if (message.type() === 'error') report(`console: ${message.text()} (${message.location().url})`);
    });
    context.on('weberror', (error) => report(`thrown: ${error.error().stack}`));
    context.on('dialog', (dialog) => {
      report(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    context.on('request', (request) => {
      if (!isOurs(request, origin)) report(`asked another site: ${request.url()}`);
    });
    context.on('requestfailed', (request) => {
      const why = request.failure()?.errorText ?? 'failed';
      if (!LEFT_BEHIND.test(why)) report(`failed request: ${why} ${request.method()} ${request.url()}`);
    });
  }
}

function isOurs(request: Request, origin: string): boolean {
  return request.url().startsWith(`${origin}/`) || request.url().startsWith('data:');
}
