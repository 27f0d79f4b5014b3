import { Inject, Injectable } from '@nestjs/common';
import { Redaction } from '../platform/redaction/redaction.js';
import { SORT_FIELDS, type NameField } from '../history/query/query-ast.js';
import { printQuery } from '../history/query/print-query.js';
import { QUERY_FIELDS } from '../history/query/query-fields.js';
import { isNumber, parseNumber } from '../history/query/query-values.js';
import type { HistoryStore } from '../history/ports/history-store.js';
import { HISTORY } from '../history/tokens.js';
import { wordAt, type WordAt } from './word-at.js';
import type { Suggestion, Suggestions } from './search.openapi.js';

const MAX_ITEMS = 12;
/** Maximum per kind where several kinds are listed together. */
const MAX_OF_KIND = 4;

/** Fields whose values are listed from the history. */
const LISTED = ['state', 'type', 'queue', 'worker', 'tag', 'error.code'] as const;

/** Useful values of the fields whose values cannot be listed. */
const EXAMPLES: Record<string, [text: string, help: string][]> = {
  created: [
    ['<1h', 'the last hour'],
    ['<24h', 'the last day'],
    ['<7d', 'the last week'],
    ['>30d', 'more than 30 days ago'],
  ],
  finished: [
    ['<1h', 'within the last hour'],
    ['<24h', 'within the last day'],
    ['<7d', 'within the last week'],
  ],
  wait: [
    ['>1s', 'longer than a second'],
    ['>1m', 'longer than a minute'],
    ['>1h', 'longer than an hour'],
  ],
  run: [
    ['>1s', 'longer than a second'],
    ['>1m', 'longer than a minute'],
    ['>1h', 'longer than an hour'],
  ],
  attempts: [
    ['0', 'none yet'],
    ['>1', 'more than one'],
    ['>=3', 'three or more'],
  ],
  priority: [
    ['>0', 'any'],
    ['1', 'the highest'],
    ['1..10', 'from 1 to 10'],
  ],
};

/** Suggests completions at the cursor: fields, and values that occur in tasks. */
@Injectable()
export class Suggester {
  constructor(
    @Inject(HISTORY) private readonly store: HistoryStore,
    private readonly redaction: Redaction,
  ) {}

  async suggest(q: string, at: number): Promise<Suggestions> {
    const word = wordAt(q, at);
    const items = word.isQuoted && word.field === undefined ? [] : await this.itemsFor(word);
    return { from: word.from, to: word.to, items: items.filter(isNews(q, word)).slice(0, MAX_ITEMS) };
  }

  private itemsFor(word: WordAt): Promise<Suggestion[]> {
    if (word.field === undefined) return this.beginnings(word.value);
    return this.values(word.field.toLowerCase(), word.value);
  }

  /** Completes a word without a colon: fields, and values of fields with this prefix. */
  private async beginnings(text: string): Promise<Suggestion[]> {
    const prefix = text.toLowerCase();
    const dot = prefix.indexOf('.');
    if (dot > 0) return this.paths(prefix.slice(0, dot), prefix.slice(dot + 1));
    const fields = [...QUERY_FIELDS]
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, { help, example }]) => ({ text: `${name}:`, help: `${help}, as in ${example}` }));
    if (prefix === '') return fields;
    const known = await Promise.all(
      LISTED.map(async (field) => {
        const values = await this.store.values(field, prefix, MAX_OF_KIND);
        return values.map((value) => valueOf(field, value, `the ${field}`));
      }),
    );
    const paths = await Promise.all(['input', 'result'].map((root) => this.pathsLike(root, prefix)));
    return [...fields, ...known.flat(), ...paths.flat()];
  }

  private async values(field: string, value: string): Promise<Suggestion[]> {
    const typed = value.toLowerCase();
    if (field === 'sort') return sorts(typed);
    const examples = EXAMPLES[field];
    if (examples) {
      return examples
        .filter(([text]) => text.startsWith(typed))
        .map(([text, help]) => ({ text: `${field}:${text}`, help }));
    }
    if (/^[<>=]/.test(value)) return [];
    const dot = field.indexOf('.');
    const isPath = dot > 0 && (field.startsWith('input.') || field.startsWith('result.'));
    if (!isPath && !(LISTED as readonly string[]).includes(field)) return [];
    if (isPath && this.redaction.covers(field)) return [];
    const values = await this.store.values(field, typed, MAX_ITEMS);
    return values.map((one) => valueOf(field, one, ''));
  }

  private async paths(root: string, prefix: string): Promise<Suggestion[]> {
    if (root !== 'input' && root !== 'result') return [];
    const paths = await this.store.values(root, prefix, MAX_ITEMS);
    const visible = paths.filter((path) => !this.redaction.covers(path));
    return visible.map((path) => ({ text: `${path}:`, help: `a value of the ${root}` }));
  }

  private async pathsLike(root: string, prefix: string): Promise<Suggestion[]> {
    return (await this.paths(root, prefix)).slice(0, MAX_OF_KIND);
  }
}

function sorts(typed: string): Suggestion[] {
  return SORT_FIELDS.flatMap((field) => [
    { text: `sort:-${field}`, help: field === 'created' ? 'newest first' : 'greatest first' },
    { text: `sort:${field}`, help: field === 'created' ? 'oldest first' : 'smallest first' },
  ]).filter(({ text }) => text.slice('sort:'.length).startsWith(typed) || text.startsWith(`sort:-${typed}`));
}

/** Creates the suggestion of a value, quoted where necessary. */
function valueOf(field: string, value: string, help: string): Suggestion {
  if (field === 'state') return { text: `state:${value}`, help };
  const dot = field.indexOf('.');
  if (dot < 0 || field === 'error.code') {
    const term = { kind: 'name', field: field as NameField, text: value, prefix: false } as const;
    return { text: printQuery({ filter: term, sort: null }), help };
  }
  const number = parseNumber(value);
  const known = number === undefined ? (isNumber(value) ? { digits: value } : {}) : { number };
  const test = { op: '=', value: { text: value, ...known } } as const;
  const root = field.slice(0, dot) as 'input' | 'result';
  const term = { kind: 'path', root, path: field.slice(dot + 1), test } as const;
  return { text: printQuery({ filter: term, sort: null }), help };
}

/** Returns a filter that drops suggestions equal to the present text. */
function isNews(q: string, { from, to }: WordAt): (item: Suggestion) => boolean {
  const present = q.slice(from, to);
  return ({ text }) => text !== present;
}
