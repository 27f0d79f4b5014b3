// `npm run seed`: a busy invented load for the dashboard, through the same API everybody uses.
//   npm run seed                          300 tasks at once, then a few every second for a minute
//   npm run seed -- --tasks 1000 --for 0  1,000 tasks and done
//   npm run seed -- --url http://127.0.0.1:5001 --seed 7
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    url: { type: 'string', default: process.env.ROOST_URL ?? `http://127.0.0.1:${process.env.PORT ?? 5000}` },
    tasks: { type: 'string', default: '300' },
    for: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
  },
});
const total = wholeNumber('tasks', 0, 10_000_000);
const seconds = wholeNumber('for', 0, 86_400);
const random = randomNumbers(wholeNumber('seed', 0, 2 ** 31));
const BATCH = 500;

const TEXTS = [
  'the quick brown fox jumps over the lazy dog',
  'Ein Vogel wollte Hochzeit machen',
  'naïve café façade, jalapeño, smörgåsbord',
  '👩‍👩‍👧‍👦 family at the 🏖️, flags 🇺🇳 and combining e\u0301',
  'SELECT * FROM nests WHERE eggs > 3; <b>not bold</b>',
];
const OPERATIONS = ['upper', 'lower', 'title', 'reverse', 'trim', 'slug'];
const TAGS = ['nightly', 'customer:acme', 'customer:globex', 'import', 'report', 'urgent'];

try {
  await main();
} catch (error) {
  console.error(
    error.cause?.code
      ? `Nothing answers at ${values.url} (${error.cause.code}). Start it with: npm start`
      : error.message,
  );
  process.exit(1);
}

async function main() {
  const before = Date.now();
  let sent = 0;
  while (sent < total) {
    const size = Math.min(BATCH, total - sent);
    await hand(Array.from({ length: size }, task));
    sent += size;
    process.stdout.write(`\r${sent} of ${total} tasks handed in`);
  }
  if (total > 0) process.stdout.write(` in ${((Date.now() - before) / 1000).toFixed(1)} s\n`);
  for (let second = 0; second < seconds; second++) {
    const size = 1 + Math.floor(4 * random());
    await hand(Array.from({ length: size }, task));
    sent += size;
    process.stdout.write(`\r${sent} tasks, ${seconds - second - 1} s to go  `);
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  if (seconds > 0) process.stdout.write('\n');
  console.log(`See ${values.url}/monitor`);
}

async function hand(tasks) {
  const answer = await fetch(`${values.url}/api/v1/tasks/bulk`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(tasks),
  });
  const body = await answer.json();
  if (!answer.ok) throw new Error(`${values.url} answered ${answer.status}: ${body.detail}`);
  const ids = body.items.filter((item) => item.ok).map((item) => item.id);
  const refused = body.items.find((item) => !item.ok);
  if (refused) throw new Error(`line ${refused.line} was refused: ${refused.error.detail}`);
  // Some are thought better of.
  for (const id of ids.filter(() => random() < 0.02)) {
    await fetch(`${values.url}/api/v1/tasks/${id}/cancel`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ reason: 'Seeded: no longer needed' }),
    });
  }
}

function task() {
  const kind = random();
  const base = kind < 0.45 ? division() : kind < 0.9 ? text() : primes();
  return { ...base, options: options() };
}

function division() {
  const y = random() < 0.08 ? 0 : 1 + Math.floor(97 * random());
  const digits = 5 + Math.floor(40 * random());
  return { type: 'divide', input: { x: Math.floor(1000 * random()), y, digits, stepDelayMs: pause() } };
}

function text() {
  // One in twenty grows over the limit of a result and fails readably.
  const tooLarge = random() < 0.05;
  return {
    type: 'process-text',
    input: {
      text: tooLarge ? pick(TEXTS).repeat(200) : pick(TEXTS),
      operation: pick(OPERATIONS),
      repeat: tooLarge ? 1000 : 1 + Math.floor(20 * random()),
      stepDelayMs: tooLarge ? 0 : pause(),
    },
  };
}

function primes() {
  return { type: 'count-primes', input: { upTo: 1_000_000 + Math.floor(60_000_000 * random()) } };
}

function options() {
  return {
    tags: TAGS.filter(() => random() < 0.2),
    ...(random() < 0.1 ? { delayMs: Math.floor(600_000 * random()) } : {}),
    ...(random() < 0.1 ? { priority: 1 + Math.floor(10 * random()) } : {}),
    ...(random() < 0.15 ? { attempts: 3 } : {}),
    ...(random() < 0.03 ? { expiresAt: new Date(Date.now() + 700_000).toISOString() } : {}),
  };
}

function pause() {
  return random() < 0.7 ? 0 : 20 + Math.floor(180 * random());
}

function pick(list) {
  return list[Math.floor(list.length * random())];
}

/** mulberry32: the same seed gives the same load. */
function randomNumbers(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

function wholeNumber(name, min, max) {
  const value = Number(values[name]);
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  console.error(`--${name} must be a whole number from ${min} to ${max}, not "${values[name]}".`);
  process.exit(1);
}
