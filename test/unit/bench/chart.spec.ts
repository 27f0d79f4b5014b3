import { describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { projectRoot } from '../../support/processes.js';

interface Chart {
  title: string;
  x: { label: string; log?: boolean; ticks?: number[] };
  y: { label: string };
  series: { name: string; points: [number, number][]; dashed?: boolean; dots?: boolean }[];
  footer?: string[];
}
const { drawChart } = (await import(
  pathToFileURL(join(projectRoot, 'test/bench/support/chart.mjs')).href
)) as { drawChart(chart: Chart): string };

const chart = (more: Partial<Chart> = {}) =>
  drawChart({
    title: 'Tasks a second',
    x: { label: 'workers' },
    y: { label: 'tasks / s' },
    series: [{ name: 'measured', points: points([1, 500], [2, 1_000], [4, 2_000]), dots: true }],
    ...more,
  });
const points = (...list: [number, number][]) => list;
const attributes = (svg: string, pattern: RegExp) =>
  [...svg.matchAll(pattern)].map((match) => match.slice(1));
const places = (svg: string) =>
  attributes(svg, /<circle class="c0" cx="([\d.]+)" cy="([\d.]+)"/g).map((pair) => pair.map(Number));
const words = (svg: string) => attributes(svg, /<text [^>]*>([^<]*)<\/text>/g).flat();

describe('a chart', () => {
  it('puts values where its axes say, from zero on', () => {
    const svg = chart();
    const [zeroX, zeroY] = [Number(/x1="([\d.]+)"/.exec(svg)![1]), 310];
    const [one, two, four] = places(svg) as [number[], number[], number[]];
    expect((four[0]! - zeroX) / (one[0]! - zeroX)).toBeCloseTo(4, 1);
    expect((zeroY - four[1]!) / (zeroY - two[1]!)).toBeCloseTo(2, 1);
    expect(words(svg)).toEqual(
      expect.arrayContaining(['0', '500', '1,000', '2,000', 'workers', 'tasks / s']),
    );
  });

  it('puts powers of ten as far apart as others', () => {
    const series = [{ name: 'us', points: points([10_000, 1], [100_000, 1], [1_000_000, 1]), dots: true }];
    const [first, second, third] = places(
      chart({ x: { label: 'waiting', log: true }, series }),
    ) as number[][];
    expect(second![0]! - first![0]!).toBeCloseTo(third![0]! - second![0]!, 1);
  });

  it('names each line at its end with its last value, none over another', () => {
    const series = ['a', 'b', 'c', 'd'].map((name, i) => ({ name, points: points([0, 9], [1, i / 10]) }));
    const svg = chart({ series });
    const heights = attributes(svg, /<text class="name n\d" x="620" y="([\d.]+)"/g).map(Number);
    expect(words(svg)).toEqual(expect.arrayContaining(['a 0', 'b 0.1', 'c 0.2', 'd 0.3']));
    const sorted = [...heights].sort((a, b) => a - b);
    expect(sorted).toHaveLength(4);
    for (let i = 1; i < 4; i++) expect(sorted[i]! - sorted[i - 1]!).toBeGreaterThanOrEqual(16);
    expect(sorted[3]).toBeLessThanOrEqual(310);
  });

  it('is one file that follows the theme of its reader, with what was measured in it', () => {
    const svg = chart({
      title: 'a < b & "c"',
      footer: ['2 cores, 24 GB', '2026-11-26: npm run bench -- P12'],
    });
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" viewBox/);
    expect(svg).toContain('@media (prefers-color-scheme:dark)');
    expect(svg).toContain('<title>a &lt; b &amp; &quot;c&quot;</title>');
    expect(words(svg)).toEqual(
      expect.arrayContaining(['2 cores, 24 GB', '2026-11-26: npm run bench -- P12']),
    );
    // Shown as an image it may load nothing, and runs no script.
    expect(svg).not.toMatch(/href|url\(|<script/);
  });

  it('draws what is all zero, and a single value', () => {
    for (const list of [points([0, 0], [1, 0]), points([0, 0])])
      expect(chart({ series: [{ name: 'none', points: list }] })).not.toMatch(/NaN|Infinity/);
  });
});
