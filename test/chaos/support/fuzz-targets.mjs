/*
 * Targets of the fuzzer: pure functions that take text from outside. Each throws where its output is wrong:
 * anything but its own error, or a property that does not hold. `DIST` is the compiled project.
 */
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';

const dist = (file) => import(pathToFileURL(join(process.env.DIST, file)));
const ours = (folder) => (url) => url.includes(`/dist/${folder}`);

function must(what, holds) {
  if (!holds) throw new Error(`does not hold: ${what}`);
}

async function query() {
  const { parseQuery } = await dist('history/query/parse-query.js');
  const { printQuery } = await dist('history/query/print-query.js');
  const { QuerySyntaxError } = await dist('history/query/query-syntax-error.js');
  const words = [
    ...[
      'state:failed',
      'type:divide',
      'tag:"a b"',
      'created:<1h',
      'run:>5ms',
      'input.x:1..9',
      'sort:-wait',
      'id:t0*',
    ],
    ...[
      '(',
      ')',
      ' OR ',
      ' AND ',
      'NOT ',
      '-',
      '"',
      ':',
      '..',
      '*',
      'finished:2026-11-22..',
      'error:"no"',
      'attempts:>1',
    ],
  ];
  const run = (text) => {
    let parsed;
    try {
      parsed = parseQuery(text);
    } catch (error) {
      if (!(error instanceof QuerySyntaxError)) throw error;
      must('a place within the text', error.from >= 0 && error.to <= text.length + 1);
      return;
    }
    const printed = printQuery(parsed);
    const again = printQuery(parseQuery(printed));
    must(`what is printed reads as the same: ${printed} / ${again}`, again === printed);
  };
  return { run, words, isOurs: ours('history/query/') };
}

async function ids() {
  const { JOB_ID, isIssuedId, isIdOfKey, newTaskId, taskIdOfKey } = await dist('bullmq/task-ids.js');
  const words = [newTaskId(1e12), newTaskId(2e12), taskIdOfKey('a'), 'a:b', '../x', '0', '~', '.', 'k', 't'];
  const run = (text) => {
    const issued = isIssuedId(text);
    must('what we issue is an id', !issued || JOB_ID.test(text));
    must('only 26 characters were issued', !issued || text.length === 26);
    must('an id of a key begins so', !isIdOfKey(text) || text.startsWith('k'));
    if (JOB_ID.test(text)) must('no id breaks a line, a path or a key', !/[\s/\\\u0000"'<>%?#]/.test(text));
    const own = taskIdOfKey(text);
    must('every key makes an id of ours', isIssuedId(own) && JOB_ID.test(own) && own === taskIdOfKey(text));
  };
  return { run, words, isOurs: ours('bullmq/task-ids') };
}

async function redactor() {
  const { Redaction, HIDDEN } = await dist('platform/redaction/redaction.js');
  const rules = new Redaction(['input.card.*', '*.password', 'result.token', 'input.list.secret']);
  const SECRET = 'canary-7f3a';
  const words = [
    '{"card":{"number":1}}',
    '"password":',
    '"PassWord"',
    '[{',
    '{"list":[{"secret":1}]}',
    '"token"',
    '"__proto__"',
    '\\u0070assword',
    'null',
  ];
  const run = (text) => {
    const shown = rules.applyToText('input', text);
    let value;
    try {
      value = JSON.parse(text);
    } catch {
      return must('what cannot be read is hidden whole', shown === HIDDEN);
    }
    must('what is shown is JSON', JSON.stringify(JSON.parse(shown)) === shown);
    must('twice is once', rules.applyToText('input', shown) === shown);
    for (const name of ['password', 'PASSWORD']) {
      const inside = JSON.stringify({ any: [value, { [name]: SECRET }], card: { [name]: [SECRET] } });
      must('a secret beside it is hidden', !rules.applyToText('input', inside).includes(SECRET));
    }
    must('nothing is polluted', {}.polluted === undefined);
  };
  return { run, words, isOurs: ours('platform/redaction/redaction') };
}

async function csv() {
  const { csvCell, csvLine } = await dist('search/csv.js');
  const words = ['=1+1', '"', ',', '\r\n', '\t', '-5', '+', '@x', '-1e5', '＝', "'"];
  /** RFC 4180, read as plainly as can be. */
  const read = (line) => {
    const cells = [];
    let cell = '';
    let quoted = false;
    for (let i = 0; i < line.length; i++) {
      const c = line[i];
      if (quoted && c === '"' && line[i + 1] === '"') cell += line[i++];
      else if (c === '"') quoted = !quoted;
      else if (!quoted && c === ',') (cells.push(cell), (cell = ''));
      else if (!quoted && c === '\r' && line[i + 1] === '\n') return [...cells, cell, i + 2];
      else cell += c;
    }
    throw new Error('the line has no end');
  };
  const run = (text) => {
    const line = csvLine([text, 'next', text]);
    const [first, second, third, end] = read(line);
    must('one line holds it', end === line.length);
    must('its neighbour stays', second === 'next' && first === third);
    must('it is the text, but for an apostrophe', first === text || first === `'${text}`);
    const isNumber = first.trim() !== '' && !Number.isNaN(Number(first));
    must('no spreadsheet runs it', isNumber || !/^[=+\-@\t\r\n＝＋－＠]/.test(first));
    must('a cell alone is the same', line.startsWith(csvCell(text)));
  };
  return { run, words, isOurs: ours('search/csv') };
}

async function form() {
  const { parseForm } = await dist('registry/parse-form.js');
  const kinds = ['boolean', 'integer', 'number', 'select', 'json', 'text', 'textarea'];
  const fields = kinds.map((kind) => ({ name: kind, kind, required: kind !== 'select' }));
  const type = { fields, schema: { properties: { select: { enum: ['a', 1, null, 'b c', true] } } } };
  const words = [
    'true',
    'off',
    '1e5',
    '-.5',
    '007',
    '{"a":1}',
    '[1',
    'null',
    '9007199254740993',
    '+1.',
    '\r\n',
    ' a ',
  ];
  const run = (text) => {
    const input = parseForm(type, Object.fromEntries(kinds.map((kind) => [kind, text])));
    must(
      'only what is a field',
      Object.keys(input).every((name) => kinds.includes(name)),
    );
    for (const kind of ['integer', 'number']) {
      const value = input[kind];
      must('a number or the text', value === undefined || value === text.trim() || Number.isFinite(value));
      if (typeof value === 'number') must('as it was typed', Number(text.trim()) === value);
    }
    must(
      'a choice that there is, or the text',
      input.select === undefined ||
        input.select === text ||
        type.schema.properties.select.enum.includes(input.select),
    );
    must(
      'the same again',
      JSON.stringify(parseForm(type, Object.fromEntries(kinds.map((kind) => [kind, [text, text]])))) ===
        JSON.stringify(input),
    );
    must('nothing is polluted', {}.polluted === undefined);
  };
  return { run, words, isOurs: ours('registry/parse-form') };
}

export const targets = { query, ids, redactor, csv, form };
