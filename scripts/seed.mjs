// `npm run seed`: a busy invented load for the dashboard, through the same API everybody uses.
//   npm run seed                                300 tasks at once, then a few every second for a minute
//   npm run seed -- --tasks 1000 --for 0        1,000 tasks and done
//   npm run seed -- --tasks 1000000 --for 0     a million, at the rate of workers and history
//   npm run seed -- --url http://127.0.0.1:5001 --seed 7
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { inventTasks } from './seed-tasks.mjs';

const { values } = parseArgs({
  options: {
    url: { type: 'string', default: process.env.ROOST_URL ?? `http://127.0.0.1:${process.env.PORT ?? 5000}` },
    tasks: { type: 'string', default: '300' },
    for: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    waiting: { type: 'string', default: '50000' },
  },
});
const total = wholeNumber('tasks', 0, 10_000_000);
const seconds = wholeNumber('for', 0, 86_400);
/** Limit of waiting tasks before more are submitted: Redis holds them all in memory. */
const maxWaiting = wholeNumber('waiting', 1, 10_000_000);
const load = inventTasks(wholeNumber('seed', 0, 2 ** 31));

const BATCH = 250;
/** Concurrent calls. */
const PARALLEL = 4;
/** Tasks submitted between two checks of how far workers and history have come. */
const CHECK_EVERY = 5000;
/** A history that is further behind than this is waited for, ms. */
const MAX_LAG = 10_000;
/** Attempts of one call, half a second apart. */
const MAX_TRIALS = 60;
const LIVELY = process.stdout.isTTY;

const startedAt = Date.now();
let sent = 0;
let cancelled = 0;
/** Tasks submitted twice because the outcome of the first call was unknown. */
let unsure = 0;
let held = '';
let shownAt = 0;

try {
  await submitAll();
  await submitSlowly();
  console.log(`See ${values.url}/`);
} catch (error) {
  console.error(
    error.cause?.code
      ? `Nothing answers at ${values.url} (${error.cause.code}). Start it with: npm start`
      : error.message,
  );
  process.exit(1);
}

async function submitAll() {
  if (total === 0) return;
  let begun = 0;
  let checkedAt = 0;
  let checking = Promise.resolve();
  const submitInTurn = async () => {
    while (begun < total) {
      const size = Math.min(BATCH, total - begun);
      begun += size;
      if (begun - checkedAt > CHECK_EVERY) {
        checkedAt = begun;
        checking = checking.then(notTooFast);
      }
      // Callers share a check that is under way.
      const tasks = load.next(size);
      await checking;
      await submitOne(tasks);
      showProgress();
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, submitInTurn));
  const elapsed = (Date.now() - startedAt) / 1000;
  const rate = Math.round(sent / Math.max(elapsed, 0.001));
  print(
    `${sent} of ${total} tasks submitted in ${elapsed.toFixed(1)} s, ${rate} a second; ${cancelled} cancelled${unsure ? `, up to ${unsure} of them twice` : ''}\n`,
  );
}

async function submitSlowly() {
  for (let second = 0; second < seconds; second++) {
    await submitOne(load.next(load.few()));
    print(`${sent} tasks, ${seconds - second - 1} s to go`);
    await sleep(1000);
  }
  if (seconds > 0) print(`${sent} tasks submitted, ${cancelled} of them cancelled\n`);
}

async function submitOne(invented) {
  const items = await accepted(invented.map(({ task }) => task));
  sent += items.length;
  // Some are cancelled again.
  for (const [i, { isRegretted }] of invented.entries()) {
    if (!isRegretted) continue;
    const answer = await request(`/api/v1/tasks/${items[i].id}/cancel`, {
      reason: 'Seeded: no longer needed',
    });
    if (answer.ok) cancelled++;
    await answer.arrayBuffer();
  }
}

/** Resolves once all are accepted; submits again what Redis did not confirm in time. */
async function accepted(tasks) {
  const items = new Array(tasks.length);
  let left = tasks.map((_, i) => i);
  for (let trial = 1; ; trial++) {
    const answer = await request(
      '/api/v1/tasks/bulk',
      left.map((i) => tasks[i]),
    );
    const isLast = trial === MAX_TRIALS;
    const isBusy = answer.status === 503 || answer.status === 429;
    if (isBusy && !isLast) await answer.arrayBuffer();
    else left = note(items, left, (await read(answer)).items, isLast);
    if (left.length === 0) return items;
    await sleep(500);
  }
}

/** Returns those of `asked` that must be submitted again. */
function note(items, asked, answers, isLast) {
  return asked.filter((i, at) => {
    const answer = answers[at];
    if (answer.ok) items[i] = answer;
    else if (isLast || answer.error.code !== 'REDIS_UNAVAILABLE')
      throw new Error(`line ${answer.line} was refused: ${answer.error.detail}`);
    else unsure++;
    return !answer.ok;
  });
}

/** Waits while too many tasks are in the queues, or while the history is far behind. */
async function notTooFast() {
  for (;;) {
    held = await whyWait();
    if (!held) return;
    showProgress();
    await sleep(500);
  }
}

async function whyWait() {
  const [monitor, history] = await Promise.all([get('/api/v1/monitor'), get('/api/v1/history')]);
  if (!monitor || !history) return 'it does not answer in time';
  const inQueue = monitor.totals.waiting + monitor.totals.active;
  if (inQueue > maxWaiting) return `${inQueue} in the queues`;
  const { lagMs } = history.recorder;
  return lagMs > MAX_LAG ? `the history is ${Math.round(lagMs / 1000)} s behind` : '';
}

function showProgress() {
  // A line a second on a terminal, one every ten seconds in a file.
  const now = Date.now();
  if (now - shownAt < (LIVELY ? 200 : 10_000)) return;
  shownAt = now;
  const rate = sent / ((now - startedAt) / 1000);
  const left = rate > 0 ? `, about ${duration((total - sent) / rate)} to go` : '';
  print(
    `${sent} of ${total} tasks submitted, ${Math.round(rate)} a second${left}${held ? `; waiting: ${held}` : ''}`,
  );
  if (!LIVELY) process.stdout.write('\n');
}

function print(line) {
  process.stdout.write(LIVELY ? `\r\u001b[K${line}` : line);
  if (!LIVELY && !line.endsWith('\n')) process.stdout.write(' ');
}

function duration(left) {
  if (left < 90) return `${Math.ceil(left)} s`;
  return left < 5400 ? `${Math.ceil(left / 60)} min` : `${(left / 3600).toFixed(1)} h`;
}

/** Undefined where Redis or the history is too busy just now. */
async function get(path) {
  const answer = await fetch(values.url + path);
  if (answer.status !== 503) return read(answer);
  await answer.arrayBuffer();
}

function request(path, body) {
  return fetch(values.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

async function read(answer) {
  const body = await answer.json();
  if (!answer.ok) throw new Error(`${values.url} answered ${answer.status}: ${body.detail}`);
  return body;
}

function wholeNumber(name, min, max) {
  const value = Number(values[name]);
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  console.error(`--${name} must be a whole number from ${min} to ${max}, not "${values[name]}".`);
  process.exit(1);
}
