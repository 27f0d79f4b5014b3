import { HIDDEN, type Redaction } from '../../../platform/redaction/redaction.js';
import { NO_SCRUB, type Scrub, scrubOf } from '../../../platform/redaction/scrub.js';
import { parseExact } from '../../../model/lenient-json.js';

/**
 * Builds the redaction for other texts of a task from the values that rules hide in its bodies. Reads the bodies only
 * if there is a rule.
 */
export function scrubOfBodies(
  rules: Redaction,
  body: (which: 'input' | 'result') => string | null | undefined,
): Scrub {
  if (!rules.concerns('input') && !rules.concerns('result')) return NO_SCRUB;
  const [input, result] = [parsed(body('input')), parsed(body('result'))];
  return scrubOf(rules, {
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
