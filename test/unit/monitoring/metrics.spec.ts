import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { Histogram } from '../../../src/history/histogram.js';
import { BUCKETS, histogramSamples } from '../../../src/monitoring/metrics/metric.js';
import { METRICS } from '../../../src/monitoring/metrics/metrics.service.js';

const read = (path: string) => readFileSync(new URL(`../../../docs/${path}`, import.meta.url), 'utf8');
const NAMES = METRICS.flatMap(({ name, type }) =>
  type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
);
const OF_NODE = new Registry();
collectDefaultMetrics({ register: OF_NODE });
const KNOWN = new Set([...NAMES, ...OF_NODE.getMetricsAsArray().map(({ name }) => name)]);

describe('the metrics', () => {
  it('have names and units as Prometheus wants them', () => {
    expect(new Set(METRICS.map(({ name }) => name)).size).toBe(METRICS.length);
    for (const { name, type, help, labels } of METRICS) {
      expect(name).toMatch(/^roost_[a-z_]+$/);
      expect([name, name.endsWith('_total')]).toEqual([name, type === 'counter']);
      expect([name, labels.includes('le')]).toEqual([name, type === 'histogram']);
      expect(help).toMatch(/^[A-Z0-9].*\.$/);
      expect(name).not.toMatch(/_(ms|milliseconds|percent|kb|mb)\b/);
    }
  });

  it('are all in docs/monitoring.md, as they are', () => {
    const rows = [...read('monitoring.md').matchAll(/^\| `(roost_\w+)`\s*\|(.*)\|(.*)\|(.*)\|$/gm)].map(
      ([, name, type, labels, help]) => [name, ...[type, labels, help].map((text) => text!.trim())],
    );
    expect(rows).toEqual(
      METRICS.map(({ name, type, labels, help }) => [
        name,
        type,
        labels
          .filter((label) => label !== 'le')
          .map((label) => `\`${label}\``)
          .join(', ') || '–',
        help,
      ]),
    );
    expect(read('monitoring.md')).toContain(`in seconds: ${BUCKETS.join(', ')}.`);
  });

  it.each(['grafana/roost.json', 'grafana/alerts.yml', 'monitoring.md'])('are all that %s names', (path) => {
    const named = new Set(read(path).match(/\b(?:roost|nodejs|process)_[a-z0-9_]+/g));
    const histograms = METRICS.filter(({ type }) => type === 'histogram').map(({ name }) => name);
    expect(named.size).toBeGreaterThan(8);
    expect([...named].filter((name) => !KNOWN.has(name) && !histograms.includes(name))).toEqual([]);
  });

  it('all have their place on the dashboard or in an alert', () => {
    const shown = read('grafana/roost.json') + read('grafana/alerts.yml');
    const missing = METRICS.map(({ name }) => name).filter((name) => !shown.includes(name));
    expect(missing).toEqual(['roost_history_oldest_task_timestamp_seconds']);
  });

  it('of the dashboard stand in panels that do not lie on each other', () => {
    const { panels } = JSON.parse(read('grafana/roost.json')) as {
      panels: {
        id: number;
        title: string;
        targets: { expr: string }[];
        gridPos: Record<'x' | 'y' | 'w' | 'h', number>;
      }[];
    };
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const cells = new Map<string, string>();
    for (const { title, gridPos, targets } of panels) {
      expect(targets.length).toBeGreaterThan(0);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect([title, x < 24, cells.get(`${x} ${y}`)]).toEqual([title, true, undefined]);
          cells.set(`${x} ${y}`, title);
        }
      }
    }
  });
});

describe('a histogram for Prometheus', () => {
  it('is cumulative, ends with all of them, and is near the truth at each bound', () => {
    const durations = new Histogram();
    const values = Array.from({ length: 3_000 }, (_, i) => ((i * 7_919) % 3_000) * 1.3);
    for (const ms of values) durations.add(ms);
    const samples = histogramSamples('x_seconds', { type: 'divide' }, durations, 1_500);
    const buckets = samples.filter(({ metricName }) => metricName === 'x_seconds_bucket');
    expect(buckets.map(({ labels }) => labels.le)).toEqual([...BUCKETS.map(String), '+Inf']);
    buckets.forEach(({ value }, i) => expect(value).toBeGreaterThanOrEqual(buckets[i - 1]?.value ?? 0));
    expect(buckets.at(-1)!.value).toBe(values.length);
    for (const { labels, value } of buckets.slice(0, -1)) {
      const bound = Number(labels.le) * 1_000;
      expect(value).toBeGreaterThanOrEqual(values.filter((ms) => ms <= bound * 0.96).length);
      expect(value).toBeLessThanOrEqual(values.filter((ms) => ms <= bound * 1.05).length);
    }
    expect(samples.slice(-2)).toEqual([
      { metricName: 'x_seconds_sum', labels: { type: 'divide' }, value: 1.5 },
      { metricName: 'x_seconds_count', labels: { type: 'divide' }, value: 3_000 },
    ]);
  });
});
