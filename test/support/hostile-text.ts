import { expect } from '@jest/globals';
import type { Page } from 'playwright-core';

/** Ends attributes, elements, strings and lines, and is a template; a browser that obeys any of it tells by a dialog. */
export const HOSTILE =
  `"><script>alert(1)</script><img src=x onerror=alert(2)>' onfocus='alert(3)' autofocus` +
  '</textarea></pre></title><svg/onload=alert(4)>{{constructor}}{{{7}}}${7*7}&lt;&amp;\u2028\u2029\u202e<!--';
/** The same, short enough for a name. */
export const TAG = `"><img src=x onerror=alert(5)>'{{7}}&lt;`;

/** No element that only the text could have made; `useBrowser` sees dialogs, refused scripts and requests. */
export async function expectSafe(page: Page): Promise<void> {
  const made = await page.evaluate(`[...document.querySelectorAll(
    'img, iframe, object, embed, base, meta[http-equiv], form[action^="http"], [href^="javascript" i], script:not([src^="/assets/"]), [onerror], [onload], [onfocus], [autofocus]')].map((one) => one.outerHTML)`);
  expect(made).toEqual([]);
  expect(await page.title()).toMatch(/ · Roost$/);
}
