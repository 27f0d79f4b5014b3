import { describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { projectRoot } from '../../support/processes.js';

interface Peer {
  name: string;
  benches: string[];
  version?: string;
  get: string;
}
interface Row {
  id: string;
  what: string;
  notRun?: string;
  goal?: [string, number];
}
type Rounds = Record<string, { ms: number }>[];
const load = <Module>(file: string) =>
  import(pathToFileURL(join(projectRoot, 'test/bench/support', file)).href) as Promise<Module>;
const { printPeers } = await load<{ printPeers(list: Peer[]): string }>('peers.mjs');
const { bestPeerRows, peerRow, differenceRow } = await load<{
  bestPeerRows(row: object): Omit<Row, 'id'>[];
  peerRow(row: object): Omit<Row, 'id'>;
  differenceRow(row: object): object;
}>('rows.mjs');
const { printTable } = await load<{ printTable(report: object): string }>('table.mjs');

const rounds: Rounds = [
  { ours: { ms: 2 }, other: { ms: 1.5 } },
  { ours: { ms: 3 }, other: { ms: 2 } },
  { ours: { ms: 5 }, other: { ms: 4.9 } },
];
const take = ({ ms }: { ms: number }) => ms;

describe('peers of the bench', () => {
  const here: Peer = {
    name: 'Celery',
    benches: ['P1', 'P3'],
    version: '5.2.6',
    get: 'apt-get install celery',
  };
  const missing: Peer[] = [
    { name: 'pg-boss', benches: ['P16'], get: 'npm install pg-boss@12.38.0 graphile-worker@0.18.0' },
    { name: 'graphile-worker', benches: ['P16'], get: 'npm install pg-boss@12.38.0 graphile-worker@0.18.0' },
  ];

  it('are listed with their versions, and each way to get missing ones once', () => {
    expect(printPeers([here, ...missing])).toBe(
      [
        'Celery           5.2.6     P1 P3',
        'pg-boss          missing   P16',
        'graphile-worker  missing   P16',
        '',
        'To get pg-boss, graphile-worker:',
        '  npm install pg-boss@12.38.0 graphile-worker@0.18.0',
        '',
      ].join('\n'),
    );
    expect(printPeers([here])).toBe('Celery  5.2.6     P1 P3\n');
  });

  it('have a line that says "not run" where they are missing, which is neither met nor missed', () => {
    const row = { what: 'p50', rounds, theirs: 'other', take, unit: 'ms', goal: ['<=', 1.1] };
    const print = (lacks?: string) =>
      printTable({
        ...{ machine: 'm', date: 'd', seconds: 1, missing: [] },
        rows: [{ id: 'P5', ...peerRow({ ...row, lacks }) }],
      });
    expect(print('no Celery here')).toMatch(/\| p50 \/ other .*\| not run: no Celery here \|/);
    expect(print('no Celery here')).toContain('1 goals: 0 met, 0 missed, 1 not run.');
    expect(print()).toMatch(/\| p50 \/ other .*\| 1.33 \(1.02-1.50\) .*\| missed by 21 % +\|/);
  });

  it('are compared by a difference where the goal is in ms', () => {
    const row = { what: 'p50 by ?wait', rounds, theirs: 'other', take, unit: 'ms', goal: ['<=', 0.3] };
    expect(differenceRow(row)).toMatchObject({
      ...{ what: 'p50 by ?wait - other', ours: 3, theirs: 2, met: false },
      value: { median: 0.5, min: expect.closeTo(0.1), max: 1 },
    });
  });

  describe('of which the best has the goal', () => {
    const row = { what: 'tasks', take, unit: '/s', goal: ['>=', 1.5] };
    const both: Rounds = [{ ours: { ms: 6 }, quick: { ms: 5 }, slow: { ms: 2 } }];

    it('are all compared, and the goal with the quickest that is here', () => {
      const lacks = { slow: undefined, quick: undefined, absent: 'no absent here' };
      expect(bestPeerRows({ ...row, rounds: both, lacks })).toMatchObject([
        { what: 'tasks / the best of them', theirs: 5, met: false, note: 'the best is quick.' },
        { what: 'tasks / slow', theirs: 2 },
        { what: 'tasks / quick', theirs: 5 },
        { what: 'tasks / absent', notRun: 'no absent here' },
      ]);
      const less = bestPeerRows({ ...row, goal: ['<=', 3], rounds: both, lacks });
      expect(less[0]).toMatchObject({ theirs: 2, met: true, note: 'the best is slow.' });
      expect(less.slice(1).filter(({ goal }) => goal)).toEqual([]);
    });

    it('leave the goal "not run" where none is here', () => {
      const [first, ...others] = bestPeerRows({ ...row, rounds: both, lacks: { absent: 'no absent here' } });
      expect(first).toMatchObject({ notRun: 'none of them is here', goal: ['>=', 1.5] });
      expect(others).toMatchObject([{ notRun: 'no absent here' }]);
    });
  });
});
