import { HIDDEN, redactionRules } from '../../platform/redaction/redaction.js';
import { type Scrub, scrubOf } from '../../platform/redaction/scrub.js';
import { parseExact } from '../../model/lenient-json.js';

const NOTHING = scrubOf({});

/**
 * Builds the redaction for other texts of a task from the values that rules hide in its bodies. Reads the bodies only
 * if there is a rule.
 */
export function scrubOfBodies(body: (which: 'input' | 'result') => string | null | undefined): Scrub {
  const rules = redactionRules();
  if (!rules.concerns('input') && !rules.concerns('result')) return NOTHING;
  const [input, result] = [parsed(body('input')), parsed(body('result'))];
  return scrubOf({
    ...{ input: input.value, isInputCut: input.isCut },
    ...{ result: result.value, isResultCut: result.isCut },
  });
}

/** Replaces redacted values with blanks, so that the index contains no word for them. */
export function indexable(words: Scrub, text: string): string {
  return words.hasNothing ? text : words.text(text).replaceAll(HIDDEN, ' ');
}

function parsed(json: string | null | undefined): { value?: unknown; isCut: boolean } {
  if (json === null || json === undefined || json === '') return { isCut: false };
  try {
    return { value: parseExact(json), isCut: false };
  } catch {
    return { isCut: true };
  }
}
