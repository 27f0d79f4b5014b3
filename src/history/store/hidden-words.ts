import { HIDDEN, redactionRules } from '../../contract/redaction.js';
import { type Scrub, scrubOf } from '../../contract/scrub.js';

const NOTHING = scrubOf({});

/** For the words of a task, by what the rules hide in its bodies; they are only read where there is a rule. */
export function scrubOfBodies(body: (which: 'input' | 'result') => string | null | undefined): Scrub {
  const rules = redactionRules();
  if (!rules.concerns('input') && !rules.concerns('result')) return NOTHING;
  const [input, result] = [parsed(body('input')), parsed(body('result'))];
  return scrubOf({
    ...{ input: input.value, isInputCut: input.isCut },
    ...{ result: result.value, isResultCut: result.isCut },
  });
}

/** As an index may have it: what is hidden is no word. */
export function indexable(words: Scrub, text: string): string {
  return words.hasNothing ? text : words.text(text).replaceAll(HIDDEN, ' ');
}

function parsed(json: string | null | undefined): { value?: unknown; isCut: boolean } {
  if (json === null || json === undefined || json === '') return { isCut: false };
  try {
    return { value: JSON.parse(json), isCut: false };
  } catch {
    return { isCut: true };
  }
}
