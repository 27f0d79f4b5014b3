import type { Page } from 'playwright-core';

/** A small and a usual phone, and a desktop, px. */
export const WIDTHS = [360, 390, 1440];

/**
 * Fonts differ by up to a sixth in how wide they run, and which ones a machine has nobody knows. These stand for a wide
 * and a narrow set on every machine; `own` is what it has.
 */
const FONTS = {
  own: '',
  wide: '*, *::before, *::after { letter-spacing: 0.09em !important; }',
  narrow: '*, *::before, *::after { letter-spacing: -0.03em !important; }',
};

/**
 * Finds parts of the open page that are wider than its window, at every width, with every set of fonts, and with each
 * fold and popover opened in the wide one.
 */
export async function findTooWide(page: Page, widths: number[]): Promise<string[]> {
  const before = page.viewportSize();
  const found: string[] = [];
  for (const width of widths) {
    await page.setViewportSize({ width, height: 844 });
    found.push(...(await page.evaluate<string[]>(`(${measure})(${JSON.stringify(FONTS)})`)));
  }
  if (before) await page.setViewportSize(before);
  return found;
}

/** Runs in the page. */
const measure = `(fonts) => {
  const found = [];
  const root = document.documentElement;
  // Unlike innerWidth this does not grow with what a phone zooms out to.
  const width = root.clientWidth;
  const name = (one) => one.tagName.toLowerCase() + (one.id && '#' + one.id) + [...one.classList].map((c) => '.' + c).join('');
  const right = (one) => one.getBoundingClientRect().right - 0.5;
  // Whether something around it, up to an element, cuts it off or scrolls.
  const isCut = (one, end) => one.parentElement !== null && one.parentElement !== end &&
    (getComputedStyle(one.parentElement).overflowX !== 'visible' || isCut(one.parentElement, end));
  // Text that is wider than its element runs over its neighbours.
  const runsOver = (one) => one.clientWidth > 0 && one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).overflowX === 'visible' &&
    (one.matches('.panel') || [...one.childNodes].some((child) => child.nodeType === 3 && child.data.trim()));
  const isCutOff = (one) => {
    const { overflowX, textOverflow, webkitLineClamp } = getComputedStyle(one);
    return /hidden|clip/.test(overflowX) && textOverflow !== 'ellipsis' && webkitLineClamp === 'none' && !one.matches('input, textarea');
  };
  const look = (what, part) => {
    const say = (problem, elements) => {
      const set = new Set(elements);
      const innermost = elements.filter((one) => ![...one.children].some((child) => set.has(child)));
      const line = width + ' px, ' + what + ': ' + problem + ' ' + innermost.slice(0, 6).map(name).join(' ');
      if (elements.length > 0) found.push(line.replace(/(\\w)\\1{20,}/g, '$1…'));
    };
    const all = [...part.querySelectorAll('*')].filter((one) => one.checkVisibility() && !one.closest('.hidden, svg *') && (width >= 860 || !one.closest('thead')));
    if (root.scrollWidth > width) say(root.scrollWidth + ' px wide by', all.filter((one) => right(one) > width && !isCut(one, root)));
    else {
      say('runs over', all.filter(runsOver));
      say('cut without a sign', all.filter((one) => one.scrollWidth > one.clientWidth + 1 && isCutOff(one)));
    }
  };
  for (const [font, css] of Object.entries(fonts)) {
    // A sheet of a script's own making is no inline style: the page's policy lets it be.
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    document.adoptedStyleSheets = [sheet];
    look(font, document.body);
    if (font !== 'wide') continue;
    for (const fold of document.querySelectorAll('details:not([open])')) {
      fold.open = true;
      look(font + ', ' + name(fold) + ' open', fold);
      const form = fold.querySelector(':scope > form');
      if (form && form.getBoundingClientRect().left < 0) found.push(width + ' px, ' + font + ': ' + name(fold) + ' opens off the screen');
      fold.open = false;
    }
  }
  document.adoptedStyleSheets = [];
  return found;
}`;
