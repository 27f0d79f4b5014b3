import type { TaskView } from '../../../src/model/task-view.js';

/** Searches in groups that share a goal. `q` is asked anew each time: half of the searches should be new to every cache. */
export interface Search {
  name: string;
  group: 'list' | 'field' | 'input' | 'text';
  q: (random: () => number) => string;
  sort?: string;
}

const below = (end: number, random: () => number) => Math.floor(end * random());
const pick = <T>(list: readonly T[], random: () => number): T => list[below(list.length, random)]!;

/** `known`: some tasks there are. They fit what scripts/seed-tasks.mjs invents. */
export function searches(known: readonly TaskView[], errorGroup: string | undefined): Search[] {
  const ids = known.map(({ id }) => id);
  return [
    { name: 'newest', group: 'list', q: () => '' },
    ...['created', '-finished', '-wait', 'run', '-attempts', 'type', '-state'].map(
      (sort): Search => ({ name: `sort ${sort}`, group: 'list', q: () => '', sort }),
    ),
    { name: 'state', group: 'field', q: (r) => `state:${pick(['completed', 'failed', 'cancelled', 'delayed'], r)}` },
    { name: 'type', group: 'field', q: (r) => `type:${pick(['divide', 'process-text', 'count-primes'], r)}` },
    { name: 'queue', group: 'field', q: (r) => `queue:${pick(['default', 'cpu'], r)}` },
    { name: 'worker', group: 'field', q: () => 'worker:*' },
    { name: 'tag', group: 'field', q: (r) => `tag:${pick(['nightly', 'urgent', 'report', '"customer:acme"'], r)}` },
    { name: 'tag, rare', group: 'field', q: (r) => `tag:"user:${below(50_000, r)}"` },
    { name: 'id', group: 'field', q: (r) => `id:${pick(ids, r)}` },
    { name: 'id, beginning', group: 'field', q: (r) => `id:${pick(ids, r).slice(0, 5 + below(8, r))}*` },
    { name: 'attempts', group: 'field', q: (r) => `attempts:${pick(['1', '>1', '0'], r)}` },
    { name: 'wait', group: 'field', q: (r) => `wait:${pick(['>', '<'], r)}${1 + below(20, r)}s` },
    { name: 'run', group: 'field', q: (r) => `run:${pick(['>', '<'], r)}${1 + below(30, r)}ms` },
    { name: 'created', group: 'field', q: (r) => `created:${pick(['<', '>'], r)}${1 + below(20, r)}m` },
    { name: 'finished', group: 'field', q: (r) => `finished:${pick(['<', '>'], r)}${1 + below(20, r)}m` },
    { name: 'priority', group: 'field', q: (r) => `priority:${pick(['>0', '5', '1..3', '0'], r)}` },
    { name: 'group', group: 'field', q: () => `group:${errorGroup ?? 'none'}` },
    { name: 'equal number', group: 'input', q: (r) => `input.x:${below(100_000, r)}` },
    { name: 'common number', group: 'input', q: (r) => `input.y:${1 + below(97, r)}` },
    { name: 'greater number', group: 'input', q: (r) => `input.x:>${pick([10, 50_000, 99_990], r)}` },
    { name: 'range', group: 'input', q: (r) => `input.x:${below(50_000, r)}..${50_000 + below(50_000, r)}` },
    { name: 'text', group: 'input', q: (r) => `input.operation:${pick(['upper', 'slug', 'trim'], r)}` },
    { name: 'beginning of a text', group: 'input', q: (r) => `input.text:"Dear ${pick(['Ada', 'Grace', 'Radia'], r)}"*` },
    { name: 'rare word', group: 'text', q: (r) => `${below(50_000, r)}` },
    { name: 'frequent word', group: 'text', q: (r) => pick(['customer', 'dear', 'order'], r) },
    { name: 'two words', group: 'text', q: (r) => `${pick(['lovelace', 'turing', 'knuth'], r)} ${pick(['kyoto', 'köln', 'nairobi'], r)}` },
    { name: 'phrase', group: 'text', q: (r) => `"${pick(['quick brown fox', 'Vogel wollte Hochzeit', 'on its way'], r)}"` },
    { name: 'absent word', group: 'text', q: (r) => `zz${below(1000, r)}zz` },
    { name: 'beginning of a word', group: 'text', q: (r) => `${pick(['love', 'tur', 'feath'], r)}*` },
    { name: 'word in errors', group: 'text', q: () => 'error:"division by zero"' },
    { name: 'word and state', group: 'text', q: (r) => `${pick(['lovelace', 'fox'], r)} state:failed` },
    { name: 'not a word', group: 'text', q: (r) => `-${pick(['dear', 'fox'], r)} type:process-text` },
    { name: 'one of', group: 'text', q: () => 'state:failed OR tag:urgent OR lovelace' },
  ]; // prettier-ignore
}
