import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot, TestProcess } from '../support/processes.js';

interface Report {
  machine: string;
  rows: { id: string; what: string; value?: { median: number }; notRun?: string }[];
  charts: { file: string; series: { name: string; points: [number, number][] }[] }[];
}

/** A run too short for its figures to mean anything: what is tried is that it gets to them. */
describe('npm run bench -- growth', () => {
  const folder = mkdtempSync(join(tmpdir(), 'roost-bench-spec-'));
  const pictures = join(folder, 'pictures');
  let report: Report;

  beforeAll(async () => {
    const progress = join(folder, 'progress');
    const command = `exec npm run -s bench -- growth --minutes 0.05 --json --draw "$0" 2>"$1"`;
    const run = new TestProcess('bench', 'sh', ['-c', command, pictures, progress], { cwd: projectRoot });
    const { code } = await run.ended;
    if (code !== 0) throw new Error(readFileSync(progress, 'utf8'));
    // Nothing else is on its standard output.
    report = JSON.parse(run.output) as Report;
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const value = (what: string) => report.rows.find((row) => row.what === what)?.value?.median;

  it('measures memory, bytes and lag of a Roost that ran all it was handed', () => {
    expect(report.rows.filter(({ notRun }) => notRun)).toEqual([]);
    expect(report.rows.every(({ id }) => id === 'growth')).toBe(true);
    expect(value('submitted tasks that ran')).toBe(1);
    expect(value('tasks a second')).toBeGreaterThan(0);
    expect(value('memory of the web app')).toBeGreaterThan(20);
    expect(value('history file, bytes a task')).toBeGreaterThan(100);
    expect(value('Redis, bytes a stored task')).toBeGreaterThan(100);
  });

  it('draws each curve into the folder, with the machine and the command', () => {
    expect(readdirSync(pictures).sort()).toEqual(['growth-bytes.svg', 'growth-lag.svg', 'growth-memory.svg']);
    for (const { file, series } of report.charts) {
      const svg = readFileSync(join(pictures, `${file}.svg`), 'utf8');
      for (const { name, points } of series) {
        expect(svg).toContain(`${name} `);
        expect(points.length).toBeGreaterThan(1);
      }
      expect(svg).toContain('npm run bench -- growth --minutes 0.05');
      expect(svg).toContain(report.machine.split(', ')[0]!);
    }
  });
});

describe('npm run bench -- --peer-check', () => {
  it('names every peer, and the command that gets each of those that are missing', async () => {
    const run = new TestProcess('bench', 'sh', ['-c', 'exec npm run -s bench -- --peer-check 2>/dev/null'], {
      cwd: projectRoot,
    });
    const { code } = await run.ended;
    const [peers = '', ...ways] = run.output.split('\n\n');
    const rows = peers.split('\n').map((line) => line.split(/ {2,}/) as [string, string, string]);
    expect(rows.map(([name]) => name)).toEqual(
      expect.arrayContaining([
        ...['Celery', 'Flask', 'gunicorn', 'redis-py', 'bull-board', 'Postgres'],
        ...['pg-boss', 'graphile-worker', 'BullMQ on Postgres', 'ioredis5'],
      ]),
    );
    const missing = rows.filter(([, version]) => version === 'missing');
    for (const [name] of missing) expect(ways.join('\n')).toMatch(new RegExp(`^To get .*${name}.*:$`, 'm'));
    const byDefault = missing.filter(([, , benches]) => benches !== 'libs');
    expect(code).toBe(byDefault.length > 0 ? 1 : 0);
  });
});
