import { expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TASK_STATES } from '../../src/model/states.js';
import { METRICS } from '../../src/monitoring/metrics/metrics.service.js';
import { projectRoot } from '../support/processes.js';
import { describeWithPromtool, evaluate, runPromtool, type Series } from '../support/promtool.js';

const ALERTS = join(projectRoot, 'docs/grafana/alerts.yml');
const NAMES = [...readFileSync(ALERTS, 'utf8').matchAll(/- alert: (\w+)/g)].map(([, name]) => name!);
const { panels } = JSON.parse(readFileSync(join(projectRoot, 'docs/grafana/roost.json'), 'utf8')) as {
  panels: { title: string; targets: { expr: string }[] }[];
};
const RANGE = { job: '.*', type: '.*', __rate_interval: '5m' };
const filled = (expr: string) => expr.replace(/\$(\w+)/g, (_, name: keyof typeof RANGE) => RANGE[name]);
const EXPRESSIONS = panels.flatMap(({ targets }) => targets.map(({ expr }) => filled(expr)));
const of = (title: string) => filled(panels.find((panel) => panel.title === title)!.targets[0]!.expr);

const VALUES: Record<string, readonly string[]> = {
  queue: ['default', 'cpu'],
  type: ['divide', 'count-primes'],
  event: ['added', 'completed', 'failed', 'cancelled', 'expired', 'retried'],
  outcome: ['completed', 'failed', 'retried', 'cancelled'],
  worker: ['w1', 'w2'],
  le: ['0.1', '10', '900', '+Inf'],
  version: ['1.0.0'],
  node: ['24.0.0'],
};
/** Each is one a second of a counter, and 3 of a gauge, unless a test says otherwise. */
type Values = Record<string, string | ((labels: Record<string, string>) => string | undefined)>;
const GROWS = '0+60x90';
const STAYS = '3x90';

/** All that one web app tells of itself and of its Roost for an hour and a half. */
function toldBy(instance: string, { job = 'roost', values = {} as Values } = {}): Series[] {
  const ofProcess = [
    'process_cpu_seconds_total',
    'process_resident_memory_bytes',
    'nodejs_heap_size_used_bytes',
  ];
  const lags = ['nodejs_eventloop_lag_p99_seconds', 'nodejs_eventloop_lag_max_seconds'];
  const names = METRICS.flatMap(({ name, type, labels }) => {
    const families = type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name];
    return families.map((family) => ({
      family,
      labels: labels.filter((label) => label !== 'le' || family.endsWith('_bucket')),
    }));
  });
  return [...names, ...[...ofProcess, ...lags].map((family) => ({ family, labels: [] }))].flatMap(
    ({ family, labels }) =>
      combinations(family, labels).map((found) => {
        const given = values[family];
        const grows = /_(total|bucket|sum|count)$/.test(family);
        return {
          name: family,
          labels: { job, instance, ...found },
          values: (typeof given === 'function' ? given(found) : given) ?? (grows ? GROWS : STAYS),
        };
      }),
  );
}

function combinations(name: string, labels: readonly string[]): Record<string, string>[] {
  const states = name === 'roost_error_groups' ? ['open', 'regressed'] : TASK_STATES;
  return labels.reduce<Record<string, string>[]>(
    (all, label) =>
      all.flatMap((one) =>
        (label === 'state' ? states : VALUES[label]!).map((value) => ({ ...one, [label]: value })),
      ),
    [{}],
  );
}

/** Nothing of it counts any more, as of a web app whose history does not answer. */
const STANDS_STILL: Values = Object.fromEntries(
  METRICS.flatMap(({ name, type }) => {
    if (type === 'gauge') return [];
    return type === 'counter' ? [name] : [`${name}_bucket`, `${name}_sum`, `${name}_count`];
  }).map((name) => [name, '60x90']),
);

const BAD: Values = {
  roost_redis_up: '0x90',
  roost_redis_writable: '0x90',
  roost_workers: '0x90',
  roost_queue_workers: '0x90',
  roost_queue_oldest_waiting_seconds: '700x90',
  roost_queue_paused: ({ queue }) => (queue === 'cpu' ? '1x90' : '0x90'),
  roost_task_wait_seconds_bucket: ({ le }) => (le === '900' || le === '+Inf' ? '0+60x90' : '0x90'),
  roost_recorder_lag_seconds: '100x90',
  roost_recorder_up: '0x90',
  roost_history_up: '1x90',
  roost_redis_memory_used_bytes: '95x90',
  roost_redis_memory_max_bytes: '100x90',
  roost_redis_aof_ok: '0x90',
  roost_worker_event_loop_delay_seconds: '2x90',
};

describeWithPromtool('Prometheus with several web apps of one Roost', () => {
  const panelsOf = (...series: Series[][]) =>
    evaluate(series.flat(), { minutes: 30, expressions: EXPRESSIONS });
  const alertsOf = (minutes: number, ...series: Series[][]) =>
    evaluate(series.flat(), { minutes, rules: ALERTS, alerts: NAMES });
  const firing = (found: Map<string, string[]>) => [...found].filter(([, lines]) => lines.length > 0);

  it('takes the rules', () => {
    expect(runPromtool('check', 'rules', ALERTS)).toMatchObject({ code: 0 });
  });

  it('shows in every panel what it shows with one', () => {
    const one = panelsOf(toldBy('a'));
    expect(one.size).toBe(new Set(EXPRESSIONS).size);
    expect([...one].filter(([, lines]) => lines.length === 0)).toEqual([]);
    const withoutB = (found: Map<string, string[]>) =>
      new Map(
        [...found].map(([expr, lines]) => [expr, lines.filter((line) => !line.includes('instance="b"'))]),
      );
    expect(withoutB(panelsOf(toldBy('a'), toldBy('b')))).toEqual(one);
    // Which of them answers does not matter, either.
    expect(withoutB(panelsOf(toldBy('a'), toldBy('b', { values: STANDS_STILL })))).toEqual(one);
  });

  it('is doubled by what adds up instances (control)', () => {
    const expressions = ['sum(rate(roost_task_events_total{event="failed"}[5m]))'];
    const answers = [[toldBy('a')], [toldBy('a'), toldBy('b')]].map((series) =>
      evaluate(series.flat(), { minutes: 30, expressions }).get(expressions[0]!),
    );
    expect(answers).toEqual([['{} 4E+00'], ['{} 8E+00']]);
  });

  it('adds up different Roosts', () => {
    const two = (job: string) => [...toldBy('a', { job }), ...toldBy('b', { job })];
    const found = panelsOf(two('one'), two('two'));
    // Two queues, two types, two events, one a second of each.
    expect(found.get(of('Finished per minute'))).toEqual(['{} 9.6E+02']);
    expect(found.get(of('Failed'))).toEqual(['{} 5E-01']);
    expect(found.get(of('Workers online'))).toEqual(['{} 6E+00']);
    expect(found.get(of('Attempts per minute by worker'))).toEqual(
      ['one', 'two'].flatMap((job) =>
        ['w1', 'w2'].map((worker) => `{job="${job}", worker="${worker}"} 4.8E+02`),
      ),
    );
  });

  it('fires each alert once, as with one', () => {
    const one = alertsOf(80, toldBy('a', { values: BAD }));
    expect(firing(one).map(([name]) => name)).toEqual(NAMES.filter((name) => name !== 'RoostDown'));
    expect(alertsOf(80, toldBy('a', { values: BAD }), toldBy('b', { values: BAD }))).toEqual(one);
    expect([...one.values()].flat().filter((labels) => labels.includes('instance'))).toEqual([]);
  });

  it('fires none while all is well, and one when nothing is told', () => {
    const well: Values = {
      ...Object.fromEntries(Object.keys(BAD).map((name) => [name, '1x90'])),
      roost_queue_paused: '0x90',
      roost_recorder_gaps: '0x90',
      roost_redis_memory_max_bytes: '0x90',
      roost_task_wait_seconds_bucket: GROWS,
      roost_error_groups: ({ state }) => (state === 'regressed' ? '0x90' : '3x90'),
      roost_task_events_total: ({ event }) => (event === 'failed' ? '0x90' : GROWS),
    };
    expect(firing(alertsOf(50, toldBy('a', { values: well }), toldBy('b', { values: well })))).toEqual([]);
    expect(firing(alertsOf(50, [])).map(([name]) => name)).toEqual(['RoostDown']);
  });

  it('counts a failure once in the alert on failures', () => {
    const failed = (values: string): Values => ({
      roost_task_events_total: ({ event, queue, type }) =>
        event === 'failed' && queue === 'default' && type === 'divide' ? values : '0x90',
    });
    const both = (minutes: number, values: string) =>
      alertsOf(minutes, ...['a', 'b'].map((instance) => toldBy(instance, { values: failed(values) }))).get(
        'RoostFailureRate',
      );
    // Three of three within the last ten minutes, and ten of ten.
    expect(both(30, '0x21 1 2 3x30')).toEqual([]);
    expect(both(40, '0x20 0+1x30')).toHaveLength(1);
  });

  it('reports it when one web app of several does not record its history', () => {
    const well: Values = { roost_recorder_up: '1x90', roost_history_up: '1x90' };
    const found = alertsOf(
      30,
      toldBy('a', { values: well }),
      toldBy('b', { values: { ...well, roost_recorder_up: '0x90' } }),
    );
    expect(found.get('RoostNotRecording')).toHaveLength(1);
  });
});
