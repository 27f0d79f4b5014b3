import { QUERY_FIELDS } from '../../history/query/query-fields.js';

export interface HelpRow {
  example: string;
  means: string;
  /** Address of the list that the example finds. */
  href?: string;
}

const WAYS: HelpRow[] = [
  {
    example: 'ada paris',
    means: 'both words, anywhere in a task: id, type, tags, input, result, error, log',
  },
  { example: '"division by zero"', means: 'the words one after the other' },
  { example: 'divi*', means: 'words that begin so' },
  {
    example: 'input.user.id:42',
    means: 'a value of the input, or of the result; up to six names deep',
  },
  { example: 'result.quotient:>3', means: 'also >= < <= and ranges: 1..5, 1.., ..5' },
  { example: 'state:failed OR state:expired', means: 'AND, OR, NOT (or a -) and parentheses' },
  { example: '-tag:nightly', means: 'without' },
  { example: 'created:2026-11-22..', means: 'dates in UTC, or ages: created:<1h is the last hour' },
];

/** Returns the help of the query language, short enough for one screen. */
export function queryHelp(): { ways: HelpRow[]; fields: HelpRow[] } {
  return {
    ways: WAYS,
    fields: [...QUERY_FIELDS.values()].map(({ example, help }) => ({ example, means: help })),
  };
}
