import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseQuery } from '../../../../src/history/query/parse-query.js';
import type { Query } from '../../../../src/history/query/query-ast.js';
import { DEFAULT_BUDGET, type SearchBudget } from '../../../../src/history/sqlite/search/search-budget.js';
import { StoreEngine } from '../../../../src/history/sqlite/store-engine.js';
import { StoreFixture } from './store-fixture.js';
import { attempt, NOON, task } from '../../../support/history-rows.js';

const TASKS = 300;
const STATES = ['completed', 'failed', 'waiting', 'active'] as const;

/** Nothing depends on the clock here. */
const PATIENT = { ...DEFAULT_BUDGET, walkMs: Infinity, countMs: Infinity, searchMs: Infinity };

/** Each makes a search take another of its ways: all gathered, all walked, and walks that give up at once. */
const WAYS: Record<string, SearchBudget> = {
  gathered: { ...PATIENT, few: 1_000_000, walk: 1 },
  walked: { ...PATIENT, few: -1, walk: 1_000_000, countRows: 0 },
  intersected: { ...PATIENT, few: -1, walk: 3 },
  'between them': { ...PATIENT, few: 20, walk: 10, countRows: 30, pieceMs: 0 },
};

const condition = fc.constantFrom(
  'state:failed', 'state:completed', 'type:t1', 'type:t*', 'worker:w1', '-worker:*', 'tag:even', 'input.a:3', 'input.a:>5', 'input.list:1',
  'input.name:n*', 'result.r:<0.5', 'word3', 'word1 word2', '"common word1"', 'input:common', 'error:boom', 'attempts:>1', 'run:>50ms',
  'wait:..20ms', 'created:<150s', 'created:>100s', 'finished:<2m', 'id:id-1*', 'priority:>0', 'absent', 'type:none',
); // prettier-ignore

const filter: fc.Arbitrary<string> = fc.letrec<{ node: string }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    condition,
    fc.tuple(tie('node'), tie('node')).map((both) => `(${both.join(' ')})`),
    fc.tuple(tie('node'), tie('node')).map((both) => `(${both.join(' OR ')})`),
    tie('node').map((inner) => `-(${inner})`),
  ),
})).node;

const order = fc
  .constantFrom('created', 'finished', 'wait', 'run', 'attempts', 'type', 'state')
  .chain((field) => fc.constantFrom(field, `-${field}`));

describe('the ways of a search', () => {
  const store = new StoreFixture();
  const engines = new Map<string, StoreEngine>();

  beforeAll(() => {
    const numbers = Array.from({ length: TASKS }, (_, i) => i);
    store.record({
      tasks: numbers.map((i) =>
        task(`id-${i}`, {
          state: STATES[i % 4]!,
          type: `t${i % 3}`,
          createdAt: NOON - i * 1000 + (i % 2),
          input: JSON.stringify({
            a: i % 10,
            list: [i % 4, i % 5],
            name: i % 7 ? `n${i % 6}` : null,
            text: `common word${i % 5} word${i % 8}`,
          }),
          result: JSON.stringify({ r: (i % 13) / 13 }),
          ...(i % 4 === 1 ? { error: { name: 'E', message: i % 8 === 1 ? 'boom' : 'bang' } } : {}),
          tags: i % 2 ? [] : ['even'],
          attemptsMade: i % 3,
          priority: i % 11 ? 0 : i,
          finishedAt: NOON - i * 900,
          waitMs: (i * 7) % 50,
          runMs: i % 6 ? (i * 13) % 100 : null,
          worker: i % 5 ? `w${i % 3}` : null,
        }),
      ),
      attempts: numbers
        .filter((i) => i % 9 === 0)
        .map((i) => attempt(`id-${i}`, 1, { outcome: 'failed', error: { name: 'E', message: 'boom' } })),
    });
    for (const [name, budget] of Object.entries(WAYS))
      engines.set(name, new StoreEngine({ file: store.file, budget }));
  });

  afterAll(() => {
    for (const engine of engines.values()) engine.close();
    store.remove();
  });

  it('find the same tasks in the same order, page by page, and count them alike', () => {
    fc.assert(
      fc.property(filter, order, fc.integer({ min: 7, max: 120 }), (q, sort, limit) => {
        const query = parseQuery(`${q} sort:${sort}`);
        const answers = [...engines].map(([name, engine]) => {
          const ids: string[] = [];
          let cursor: string | undefined;
          let first;
          do {
            const page = engine.search({
              query,
              limit,
              now: NOON,
              ...(cursor === undefined ? {} : { cursor }),
            });
            first ??= page;
            ids.push(...page.items.map(({ id }) => id));
            cursor = page.nextCursor;
          } while (cursor !== undefined && ids.length <= TASKS);
          expect(first.totalIsExact).toBe(true);
          expect(first.total).toBe(ids.length);
          expect(new Set(ids).size).toBe(ids.length);
          expect(engine.counts(query.filter, NOON).total).toBe(ids.length);
          expect(counted(engine, query)).toBe(ids.length);
          expect(walked(engine, query).sort()).toEqual([...ids].sort());
          return { name, ids };
        });
        for (const { ids } of answers) expect(ids).toEqual(answers[0]!.ids);
      }),
      { numRuns: 50 },
    );
  });

  it('take no tasks of a query for those of its opposite', () => {
    fc.assert(
      fc.property(filter, (q) => {
        const engine = engines.get('between them')!;
        const count = (text: string) => engine.search({ query: parseQuery(text), limit: 1, now: NOON }).total;
        expect(count(q) + count(`-(${q})`)).toBe(TASKS);
      }),
      { numRuns: 50 },
    );
  });
});

/** Piece by piece. */
function counted(engine: StoreEngine, { filter }: Query): number {
  let total = 0;
  let after: number | undefined;
  do {
    const piece = engine.countPiece(filter, NOON, after);
    for (const { count } of piece.groups) total += count;
    after = piece.next;
  } while (after !== undefined);
  return total;
}

function walked(engine: StoreEngine, { filter }: Query): string[] {
  const ids: string[] = [];
  let after: number | undefined;
  do {
    const piece = engine.walkIds(filter, after, 70, NOON);
    ids.push(...piece.items.map(({ id }) => id));
    after = piece.next;
  } while (after !== undefined);
  return ids;
}
