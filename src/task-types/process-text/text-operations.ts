import { setImmediate as nextTurn } from 'node:timers/promises';

export const OPERATIONS = ['upper', 'lower', 'title', 'reverse', 'trim', 'slug'] as const;

export type Operation = (typeof OPERATIONS)[number];

/** Text segmented at a time, and the rest at its end left for the next window, in UTF-16 units. */
const WINDOW = 512;
const MARGIN = 64;

/** Fixed locale, so that the same text gives the same result on every worker. */
const GRAPHEMES = new Intl.Segmenter('en', { granularity: 'grapheme' });
const WORDS = new Intl.Segmenter('en', { granularity: 'word' });

/** Digraph letters with a title-case form (Unicode's Lt). */
const TITLE_LETTERS = new Map([
  ['\u01c6', '\u01c5'],
  ['\u01c9', '\u01c8'],
  ['\u01cc', '\u01cb'],
  ['\u01f3', '\u01f2'],
]);

export async function applyOperation(
  text: string,
  operation: Operation,
  signal: AbortSignal,
): Promise<string> {
  switch (operation) {
    case 'upper':
      return text.toUpperCase();
    case 'lower':
      return text.toLowerCase();
    case 'title':
      return titleCase(text, signal);
    case 'reverse':
      return reverse(text, signal);
    case 'trim':
      return text.trim();
    case 'slug':
      return slug(text);
  }
}

/** Counts grapheme clusters: flags, families and letters with marks count once. */
export async function countGraphemes(text: string, signal: AbortSignal): Promise<number> {
  let count = 0;
  for await (const found of segments(GRAPHEMES, text, signal)) count += found.length;
  return count;
}

export async function countWords(text: string, signal: AbortSignal): Promise<number> {
  let count = 0;
  for await (const found of segments(WORDS, text, signal))
    count += found.filter((word) => word.isWordLike).length;
  return count;
}

async function titleCase(text: string, signal: AbortSignal): Promise<string> {
  const parts: string[] = [];
  for await (const found of segments(WORDS, text, signal)) {
    for (const { segment, isWordLike } of found) parts.push(isWordLike ? capitalize(segment) : segment);
  }
  return parts.join('');
}

function capitalize(word: string): string {
  // Lowers the whole word, since the form of a final sigma depends on its neighbours.
  const lower = word.toLowerCase();
  const [first = ''] = lower;
  const upper = TITLE_LETTERS.get(first) ?? first.toUpperCase();
  // One letter may become several, of which only the first is upper case: ß -> Ss.
  const [head = '', ...tail] = upper;
  return head + (TITLE_LETTERS.has(first) ? '' : tail.join('').toLowerCase()) + lower.slice(first.length);
}

async function reverse(text: string, signal: AbortSignal): Promise<string> {
  const graphemes: string[] = [];
  for await (const found of segments(GRAPHEMES, text, signal)) {
    for (const { segment } of found) graphemes.push(segment);
  }
  return graphemes.reverse().join('');
}

/**
 * Returns lower-case letters and digits of any script, joined by hyphens. Removes accents (é -> e) and converts
 * compatible forms (ﬁ -> fi, ² -> 2). Preserves marks that scripts such as Devanagari or Thai write vowels with.
 */
function slug(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .toLowerCase()
    .normalize('NFC')
    .replace(/(?<=\p{L})['’](?=\p{L})/gu, '')
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, '-')
    .replace(/^-|-$/g, '');
}

/**
 * Yields segments window by window, with pauses: V8 needs time for the whole text at every step, so one long text
 * would take quadratic time (100,000 letters: 20 s). Each window starts at a segment boundary and leaves its end to
 * the next one, which makes the seams exact for graphemes and for words with gaps. In unbroken Thai or Chinese the
 * dictionary may choose differently there.
 */
async function* segments(
  segmenter: Intl.Segmenter,
  text: string,
  signal: AbortSignal,
): AsyncGenerator<Intl.SegmentData[]> {
  let start = 0;
  let size = WINDOW;
  while (start < text.length) {
    const window = text.slice(start, start + size);
    const isLast = start + size >= text.length;
    const limit = isLast ? window.length : window.length - MARGIN;
    const found: Intl.SegmentData[] = [];
    let end = 0;
    for (const data of segmenter.segment(window)) {
      if (data.index + data.segment.length > limit) break;
      found.push(data);
      end = data.index + data.segment.length;
    }
    // One segment is longer than the window, such as a letter with a thousand marks.
    size = end === 0 ? size * 2 : WINDOW;
    start += end;
    if (end > 0) yield found;
    await nextTurn();
    signal.throwIfAborted();
  }
}
