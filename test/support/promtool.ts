import { describe } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PROMTOOL = process.env.PROMTOOL_BIN ?? '/usr/bin/promtool';

/** `npm test` finds or fetches promtool, and counts what is skipped without; see scripts/promtool.mjs. */
export const describeWithPromtool = existsSync(PROMTOOL) ? describe : describe.skip;

export interface Series {
  name: string;
  labels: Record<string, string>;
  /** As promtool writes them, one a minute: `3x60` stays, `0+60x60` grows by 60. */
  values: string;
}

interface Question {
  minutes: number;
  expressions?: readonly string[];
  /** Path of the file with the rules, and those of its alerts that are asked for. */
  rules?: string;
  alerts?: readonly string[];
}

export function runPromtool(...args: string[]): { code: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(PROMTOOL, args, { encoding: 'utf8' });
  return { code: status, output: stdout + stderr };
}

/**
 * Evaluates these series in Prometheus after so many minutes: by expression `{labels} value` of each line, by alert the
 * labels it fires with. promtool only says whether an answer is the expected one, and what it was if not: so nothing is
 * expected, and what it was is read from its complaint.
 */
export function evaluate(series: readonly Series[], question: Question): Map<string, string[]> {
  const { minutes, expressions = [], rules, alerts = [] } = question;
  const folder = mkdtempSync(join(tmpdir(), 'roost-promtool-'));
  try {
    const file = join(folder, 'test.yml');
    const eval_time = `${minutes}m`;
    const test = {
      interval: '1m',
      input_series: series.map(toInput),
      promql_expr_test: expressions.map((expr) => ({ expr, eval_time })),
      alert_rule_test: alerts.map((alertname) => ({ alertname, eval_time })),
    };
    // JSON is YAML.
    const content = { evaluation_interval: '1m', rule_files: rules ? [rules] : [], tests: [test] };
    writeFileSync(file, JSON.stringify(content));
    const { output } = runPromtool('test', 'rules', file);
    if (/\berr(or)?: /.test(output)) throw new Error(output);
    const complaints = output.split(/^ {4}(?=expr: |alertname: )/m);
    const lines = (head: string, line: RegExp) =>
      [
        ...(complaints.find((text) => text.startsWith(head)) ?? '')
          .split('got:')
          .slice(1)
          .join()
          .matchAll(line),
      ]
        .map(([text]) => text)
        .sort();
    return new Map([
      ...expressions.map((expr) => [expr, lines(`expr: ${JSON.stringify(expr)},`, LINE)] as const),
      ...alerts.map((name) => [name, lines(`alertname: ${name},`, /(?<=Labels:)\{.*\}/g)] as const),
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** One line of an answer to an expression. */
const LINE = /\{[^}]*\} [^\s,]+/g;

function toInput({ name, labels, values }: Series): { series: string; values: string } {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  return { series: `${name}{${pairs.join(',')}}`, values };
}
