// The tasks of `npm run seed`: first some worth watching, then quick ones. The same seed gives the same tasks.

/** So many may take their time, so that there is something to watch; a million of that kind would take days. */
const LEISURELY = 300;

const FIRST_NAMES = [
  'Ada',
  'Grace',
  'Alan',
  'Edsger',
  'Barbara',
  'Donald',
  'Niklaus',
  'Margaret',
  'Ken',
  'Radia',
];
const LAST_NAMES = [
  'Lovelace',
  'Hopper',
  'Turing',
  'Dijkstra',
  'Liskov',
  'Knuth',
  'Wirth',
  'Hamilton',
  'Perlman',
];
const CITIES = ['Köln', 'São Paulo', 'Nairobi', 'Kyoto', 'Reykjavík', 'Oaxaca', 'Tromsø', 'Wellington'];
const THINGS = ['nest', 'egg', 'feather', 'perch', 'wing', 'branch', 'seed', 'song'];
const TEXTS = [
  'the quick brown fox jumps over the lazy dog',
  'Ein Vogel wollte Hochzeit machen',
  'naïve café façade, jalapeño, smörgåsbord',
  '👩‍👩‍👧‍👦 family at the 🏖️, flags 🇺🇳 and combining e\u0301',
  'SELECT * FROM nests WHERE eggs > 3; <b>not bold</b>',
];
const OPERATIONS = ['upper', 'lower', 'title', 'reverse', 'trim', 'slug'];
const TAGS = ['nightly', 'customer:acme', 'customer:globex', 'import', 'report', 'urgent'];
const CUSTOMERS = 50_000;

/** `next(n)` gives the next n tasks, each with whether it is to be cancelled; `few()` how many make up a quiet second. */
export function inventTasks(seed) {
  const random = randomNumbers(seed);
  let count = 0;
  const below = (end) => Math.floor(end * random());
  const pick = (list) => list[below(list.length)];
  const chance = (share) => random() < share;

  function invent() {
    const leisurely = count++ < LEISURELY;
    const kind = random();
    const primes = leisurely ? 0.1 : 0.002;
    const base = kind < primes ? primeCount(leisurely) : kind < 0.55 ? division(leisurely) : text(leisurely);
    return { task: { ...base, options: options(leisurely) }, isRegretted: chance(leisurely ? 0.02 : 0.001) };
  }

  function division(leisurely) {
    const fails = chance(0.06);
    const y = fails ? 0 : 1 + below(97);
    const digits = 5 + below(40);
    // As text a number keeps all its digits; the error then reads a little differently.
    const x = chance(0.1) ? `${below(1000)}.${below(1_000_000)}e-${1 + below(9)}` : below(100_000);
    return { type: 'divide', input: { x, y, digits, stepDelayMs: pause(leisurely) } };
  }

  function text(leisurely) {
    // Some grow over the limit of a result and fail readably.
    const tooLarge = chance(leisurely ? 0.05 : 0.01);
    return {
      type: 'process-text',
      input: {
        text: tooLarge ? pick(TEXTS).repeat(200) : chance(0.3) ? pick(TEXTS) : letter(),
        operation: pick(OPERATIONS),
        repeat: tooLarge ? 1000 : 1 + below(leisurely ? 20 : 3),
        stepDelayMs: tooLarge ? 0 : pause(leisurely),
      },
    };
  }

  /** With words that many, few or no others have. */
  function letter() {
    const name = `${pick(FIRST_NAMES)} ${pick(LAST_NAMES)}`;
    const order = `order-${below(1_000_000)}`;
    return `Dear ${name} of ${pick(CITIES)}, your ${order} of ${1 + below(12)} ${pick(THINGS)}s for customer ${below(CUSTOMERS)} is on its way`;
  }

  function primeCount(leisurely) {
    return {
      type: 'count-primes',
      input: { upTo: leisurely ? 1_000_000 + below(60_000_000) : below(100_000) },
    };
  }

  function options(leisurely) {
    const tags = TAGS.filter(() => chance(0.2));
    if (chance(0.3)) tags.push(`user:${below(CUSTOMERS)}`);
    const delay = chance(leisurely ? 0.1 : 0.005) ? below(leisurely ? 600_000 : 30_000) : undefined;
    const expires = chance(leisurely ? 0.03 : 0.002) ? (leisurely ? 700_000 : 60_000) : undefined;
    return {
      tags,
      ...(delay === undefined ? {} : { delayMs: delay }),
      ...(chance(0.1) ? { priority: 1 + below(10) } : {}),
      ...(chance(0.15) ? { attempts: 3 } : {}),
      ...(expires === undefined ? {} : { expiresAt: new Date(Date.now() + expires).toISOString() }),
    };
  }

  function pause(leisurely) {
    return !leisurely || chance(0.7) ? 0 : 20 + below(180);
  }

  return { next: (size) => Array.from({ length: size }, invent), few: () => 1 + below(4) };
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
