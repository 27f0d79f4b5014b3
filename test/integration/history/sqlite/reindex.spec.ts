import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { RecordingEngine } from '../../../../src/history/sqlite/recording-engine.js';
import { StoreFixture } from './store-fixture.js';
import { attempt, emptyBatch, NOON, task } from '../../../support/history-rows.js';

const RULES = ['input.Secret', 'result.made'];

/** The steps of the recorder's thread when it begins to record. */
class Recording {
  constructor(
    private readonly file: string,
    private readonly rules: readonly string[],
  ) {}

  /** Answers how many pieces it took; 0 where nothing was to be done. */
  reindex(most = Infinity): number {
    const engine = new RecordingEngine({ file: this.file, redact: this.rules });
    try {
      if (engine.isIndexedBy(this.rules)) return 0;
      let pieces = 1;
      while (!engine.reindexPiece(this.rules) && pieces < most) pieces++;
      return pieces;
    } finally {
      engine.close();
    }
  }
}

describe('what search finds, when the rules of REDACT have changed', () => {
  let store: StoreFixture;
  beforeEach(() => {
    store = new StoreFixture();
  });
  afterEach(() => {
    store.remove();
  });

  const fill = (count: number) => {
    const ids = Array.from({ length: count }, (_, i) => `t${i}`);
    const long = 'and more '.repeat(200);
    store.record({
      ...emptyBatch(),
      tasks: ids.map((id, i) =>
        task(id, {
          state: i % 2 ? 'failed' : 'completed',
          createdAt: NOON - 60_000 - i,
          input: JSON.stringify({ secret: `canary ${i % 3}`, open: `word${i % 3}`, long: i % 5 ? '' : long }),
          ...(i % 2
            ? { error: { name: 'Error', message: `canary ${i % 3} refused` } }
            : { result: JSON.stringify({ made: 'token-77', said: `you said canary ${i % 3}` }) }),
        }),
      ),
      attempts: ids.flatMap((id, i) =>
        i % 2
          ? [
              attempt(id, 1, {
                outcome: 'failed',
                error: { name: 'Error', message: `canary ${i % 3} refused` },
              }),
            ]
          : [],
      ),
      logs: ids.map((id, i) => ({
        ...{ queue: 'default', id, n: 0, at: NOON, level: 'info', attempt: 1 },
        text: `signing in as canary ${i % 3}`,
      })) as never,
    });
  };
  const total = (q: string) => store.page(q).total;

  it('is what the new ones leave of it, whole at the end, and again as before without them', () => {
    fill(250);
    expect([total('canary'), total('input.secret:"canary 1"'), total('token-77')]).toEqual([250, 83, 125]);
    expect(store.engine.errors({ limit: 10, now: NOON }).items[0]!.sample).toContain('canary');
    const hidden = new Recording(store.file, RULES);
    expect(hidden.reindex()).toBe(3);
    expect(hidden.reindex()).toBe(0);
    for (const q of ['canary', 'can*', 'token-77', 'error:canary', 'log:canary', 'input.secret:"canary 1"'])
      expect([q, total(q)]).toEqual([q, 0]);
    expect([total('refused'), total('log:signing'), total('result:said')]).toEqual([125, 250, 125]);
    expect([total('input.open:word1'), total('result:"you said"'), total('more')]).toEqual([83, 125, 50]);
    const groups = store.engine.errors({ limit: 10, now: NOON }).items;
    expect(groups.map(({ message, sample, count }) => [message, sample, count])).toEqual([
      ['[hidden] refused', '[hidden] refused', 125],
    ]);
    // The values themselves are kept: whoever may see them can.
    expect(store.engine.get('t1')!.error!.message).toContain('canary');

    expect(new Recording(store.file, []).reindex()).toBe(3);
    expect([total('canary'), total('input.secret:"canary 1"'), total('token-77')]).toEqual([250, 83, 125]);
  });

  it('leaves what is found by codes of errors', () => {
    store.record({
      tasks: [task('coded', { state: 'failed', error: { name: 'E', message: 'm', codes: ['E_ROW'] } })],
    });
    new Recording(store.file, RULES).reindex();
    expect(total('error.code:E_ROW')).toBe(1);
  });

  it('goes on where an earlier process ended, and from the start where the rules are others again', () => {
    fill(250);
    const hidden = new Recording(store.file, RULES);
    expect(hidden.reindex(1)).toBe(1);
    expect(total('canary')).toBe(150);
    expect(hidden.reindex(1)).toBe(1);
    expect(total('canary')).toBe(50);
    expect(new Recording(store.file, ['input.open']).reindex(1)).toBe(1);
    expect([total('canary'), total('word1')]).toEqual([150, 50]);
    expect(new Recording(store.file, RULES).reindex()).toBe(3);
    expect(total('canary')).toBe(0);
    expect(total('input.open:word1')).toBe(83);
  });

  it('needs nothing done while it is empty, and for the same rules in another order or case', () => {
    expect(new Recording(store.file, RULES).reindex()).toBe(0);
    store.reopen({ redact: RULES });
    fill(3);
    expect(total('canary')).toBe(0);
    expect(new Recording(store.file, ['RESULT.made', 'input.secret']).reindex()).toBe(0);
  });

  it('groups failures by what is left of their words', () => {
    store.reopen({ redact: RULES });
    fill(9);
    const groups = store.engine.errors({ limit: 10, now: NOON }).items;
    expect(groups.map(({ message, sample }) => [message, sample])).toEqual([
      ['[hidden] refused', '[hidden] refused'],
    ]);
  });

  it('has nothing of a body that was cut before it could be read', () => {
    store.reopen({ redact: RULES });
    store.record({ tasks: [task('cut', { input: '{"open":"word1","secret":"canary 1', inputBytes: 5000 })] });
    expect([total('canary'), total('word1'), total('id:cut')]).toEqual([0, 0, 1]);
  });
});
