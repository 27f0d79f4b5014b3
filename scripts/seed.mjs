// `npm run seed`: a busy invented load for the dashboard, through the same API everybody uses.
//   npm run seed                                300 tasks at once, then a few every second for a minute
//   npm run seed -- --tasks 1000 --for 0        1,000 tasks and done
//   npm run seed -- --tasks 1000000 --for 0     a million, no faster than workers and history keep up with
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
/** Tasks that may wait in the queues before the next are handed in: Redis holds them all in memory. */
const maxWaiting = wholeNumber('waiting', 1, 10_000_000);
const load = inventTasks(wholeNumber('seed', 0, 2 ** 31));

const BATCH = 500;
/** Calls under way at once. */
const PARALLEL = 4;
/** Tasks handed in between two looks at how far workers and history have come. */
const LOOK_EVERY = 5000;
/** A history that is further behind than this is waited for, ms. */
const MAX_LAG = 10_000;
const LIVELY = process.stdout.isTTY;

const startedAt = Date.now();
let sent = 0;
let cancelled = 0;
let held = '';
let shownAt = 0;

try {
  await handInAll();
  await handInSlowly();
  console.log(`See ${values.url}/monitor`);
} catch (error) {
  console.error(
    error.cause?.code
      ? `Nothing answers at ${values.url} (${error.cause.code}). Start it with: npm start`
      : error.message,
  );
  process.exit(1);
}

async function handInAll() {
  if (total === 0) return;
  let begun = 0;
  let looked = 0;
  let looking = Promise.resolve();
  const hand = async () => {
    while (begun < total) {
      const size = Math.min(BATCH, total - begun);
      begun += size;
      if (begun - looked > LOOK_EVERY) {
        looked = begun;
        looking = looking.then(notTooFast);
      }
      // Everybody waits for a look that is under way.
      const tasks = load.next(size);
      await looking;
      await handIn(tasks);
      showProgress();
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, hand));
  const took = (Date.now() - startedAt) / 1000;
  const rate = Math.round(sent / Math.max(took, 0.001));
  say(
    `${sent} of ${total} tasks handed in in ${took.toFixed(1)} s, ${rate} a second; ${cancelled} cancelled\n`,
  );
}

async function handInSlowly() {
  for (let second = 0; second < seconds; second++) {
    await handIn(load.next(load.few()));
    say(`${sent} tasks, ${seconds - second - 1} s to go`);
    await sleep(1000);
  }
  if (seconds > 0) say(`${sent} tasks handed in, ${cancelled} of them cancelled\n`);
}

async function handIn(invented) {
  const { items } = await post(
    '/api/v1/tasks/bulk',
    invented.map(({ task }) => task),
  );
  const refused = items.find((item) => !item.ok);
  if (refused) throw new Error(`line ${refused.line} was refused: ${refused.error.detail}`);
  sent += items.length;
  // Some are thought better of.
  for (const [i, { isRegretted }] of invented.entries()) {
    if (!isRegretted) continue;
    const answer = await request(`/api/v1/tasks/${items[i].id}/cancel`, {
      reason: 'Seeded: no longer needed',
    });
    if (answer.ok) cancelled++;
    await answer.arrayBuffer();
  }
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
  const { totals } = await get('/api/v1/monitor');
  const inQueue = totals.waiting + totals.active;
  if (inQueue > maxWaiting) return `${inQueue} in the queues`;
  const history = await get('/api/v1/history').catch(() => undefined);
  const lag = history?.recorder?.lagMs ?? history?.lagMs ?? 0;
  return lag > MAX_LAG ? `the history is ${Math.round(lag / 1000)} s behind` : '';
}

function showProgress() {
  // A line a second on a terminal, one every ten seconds in a file.
  const now = Date.now();
  if (now - shownAt < (LIVELY ? 200 : 10_000)) return;
  shownAt = now;
  const took = (now - startedAt) / 1000;
  const rate = sent / took;
  const left = rate > 0 ? `, about ${duration((total - sent) / rate)} to go` : '';
  say(
    `${sent} of ${total} tasks handed in, ${Math.round(rate)} a second${left}${held ? `; waiting: ${held}` : ''}`,
  );
  if (!LIVELY) process.stdout.write('\n');
}

function say(line) {
  process.stdout.write(LIVELY ? `\r\u001b[K${line}` : line);
  if (!LIVELY && !line.endsWith('\n')) process.stdout.write(' ');
}

function duration(left) {
  if (left < 90) return `${Math.ceil(left)} s`;
  return left < 5400 ? `${Math.ceil(left / 60)} min` : `${(left / 3600).toFixed(1)} h`;
}

async function get(path) {
  return read(await fetch(values.url + path));
}

async function post(path, body) {
  return read(await request(path, body));
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
