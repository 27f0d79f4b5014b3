const HEAD = ['', 'what', 'Roost', 'other', 'result (spread)', 'n', 'goal', 'verdict'];

/** Text that is a Markdown table as well, so that what docs quote is what was printed. */
export function printTable({ machine, date, seconds, missing, rows }) {
  const cells = rows.map((row, i) => [
    row.id === rows[i - 1]?.id ? '' : row.id,
    row.what,
    row.notRun || row.ours === undefined ? '' : withUnit(row.ours, row.unit),
    row.notRun || row.theirs === undefined ? '' : withUnit(row.theirs, row.unit),
    row.notRun ? '' : result(row),
    row.rounds ? String(row.rounds) : '',
    row.goal ? row.goal.map((part) => (typeof part === 'number' ? plain(part) : part)).join(' ') : '',
    verdict(row),
  ]);
  const widths = HEAD.map((head, i) => Math.max(3, head.length, ...cells.map((line) => line[i].length)));
  const line = (parts) => `| ${parts.map((part, i) => part.padEnd(widths[i])).join(' | ')} |`;
  const goals = rows.filter(({ goal }) => goal);
  const met = goals.filter((row) => row.met).length;
  const notRun = goals.filter((row) => row.notRun).length;
  return [
    `${machine}; ${date}; ${seconds} s`,
    '',
    line(HEAD),
    line(widths.map((width) => '-'.repeat(width))),
    ...cells.map(line),
    '',
    ...notes(rows),
    ...missing.map((name) => `Not on this machine: ${name}.`),
    `${goals.length} goals: ${met} met, ${goals.length - met - notRun} missed, ${notRun} not run. n: rounds that count, the warm-up left out.`,
    '',
  ].join('\n');
}

function notes(rows) {
  const lines = rows.filter(({ note }) => note).map(({ id, what, note }) => `- ${id}, ${what}: ${note}`);
  return lines.length > 0 ? [...lines, ''] : [];
}

function result(row) {
  if (row.ratio) return `${short(row.ratio.median)} (${short(row.ratio.min)}-${short(row.ratio.max)})`;
  const { median, min, max } = row.value;
  const range = row.rounds > 1 ? ` (${short(min)}-${short(max)})` : '';
  return `${withUnit(median, row.unit)}${range}`;
}

function verdict(row) {
  if (row.notRun) return `not run: ${row.notRun}`;
  if (!row.goal) return '';
  if (row.met) return row.at ? `met ${row.at}` : 'met';
  const percent = Math.max(1, Math.round(row.missedBy * 100));
  return percent < 1000 ? `missed by ${percent} %` : `missed, ${short(row.missedBy + 1)} times the goal`;
}

const withUnit = (value, unit = '') => `${short(value)}${unit.startsWith('/') || !unit ? '' : ' '}${unit}`;

const plain = (value) => value.toLocaleString('en', { maximumFractionDigits: 3 });

/** Three digits that count, no more. */
function short(value) {
  const size = Math.abs(value);
  const digits = size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
