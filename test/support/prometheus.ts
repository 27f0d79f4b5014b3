/** One line of what Prometheus is told. */
export interface MetricLine {
  name: string;
  labels: Record<string, string>;
  value: number;
}

export interface MetricFamily {
  type: string;
  help: string;
  lines: MetricLine[];
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const LABEL = `[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\["\\\\n])*"`;
const LINE = new RegExp(
  `^(${NAME})(?:\\{(${LABEL}(?:,${LABEL})*)?\\})? (NaN|[+-]Inf|[+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?)$`,
);

/**
 * Text format 0.0.4, read as strictly as it is written down: a family is announced once, with help and type before its
 * lines; no series comes twice; histograms are cumulative, with +Inf, sum and count.
 */
export function parseMetrics(text: string): Map<string, MetricFamily> {
  if (!text.endsWith('\n')) throw new Error('The last line has no end.');
  const families = new Map<string, MetricFamily>();
  const series = new Set<string>();
  let name = '';
  for (const line of text.slice(0, -1).split('\n')) {
    const [, word, of, rest] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
    if (line === '') continue;
    if (word === 'HELP') {
      if (families.has(of!)) throw new Error(`${of} is announced twice.`);
      families.set((name = of!), { type: '', help: rest!, lines: [] });
    } else if (word === 'TYPE') {
      if (of !== name || !['counter', 'gauge', 'histogram', 'summary'].includes(rest!))
        throw new Error(`No good type: ${line}`);
      families.get(name)!.type = rest!;
    } else {
      const found = LINE.exec(line);
      if (!found) throw new Error(`No line of a metric: ${line}`);
      const id = `${found[1]}{${found[2] ?? ''}}`;
      if (series.has(id)) throw new Error(`Twice: ${id}`);
      series.add(id);
      families
        .get(name)!
        .lines.push({ name: found[1]!, labels: toLabels(found[2]), value: toNumber(found[3]!) });
    }
  }
  for (const [family, { type, lines }] of families) check(family, type, lines);
  return families;
}

function check(family: string, type: string, lines: MetricLine[]): void {
  const suffixes = { histogram: ['_bucket', '_sum', '_count'], summary: ['', '_sum', '_count'] }[type] ?? [
    '',
  ];
  for (const { name, value } of lines) {
    if (!suffixes.some((suffix) => name === family + suffix))
      throw new Error(`${name} is none of ${family}.`);
    if (type === 'counter' && !(value >= 0)) throw new Error(`${name} is ${value}.`);
  }
  if (type !== 'histogram') return;
  const last = new Map<string, { le: number; value: number }>();
  for (const { name, labels, value } of lines) {
    const { le, ...rest } = labels;
    const key = JSON.stringify(rest);
    const before = last.get(key);
    if (name === `${family}_bucket`) {
      const bound = toNumber(le!);
      if (before && (bound <= before.le || value < before.value))
        throw new Error(`${family} is not cumulative.`);
      last.set(key, { le: bound, value });
    } else if (name === `${family}_count`) {
      if (before?.le !== Infinity || before.value !== value)
        throw new Error(`${family} does not end with all.`);
    }
  }
}

function toLabels(text: string | undefined): Record<string, string> {
  const pairs = [...(text ?? '').matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)];
  return Object.fromEntries(
    pairs.map(([, name, value]) => [
      name!,
      value!.replace(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char)),
    ]),
  );
}

function toNumber(text: string): number {
  return text.endsWith('Inf') ? (text.startsWith('-') ? -Infinity : Infinity) : Number(text);
}
