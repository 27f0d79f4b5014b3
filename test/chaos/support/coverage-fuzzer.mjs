/*
 * A small coverage-guided fuzzer: node coverage-fuzzer.mjs <targets.mjs> <target> <corpus.json> <seconds> <seed>
 *
 * Inputs that reach a block of our code that none before them reached, by V8's own block coverage, are kept and mutated
 * further. It prints one line of JSON; a finding is an input after which the target threw what it must not.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { pathToFileURL } from 'node:url';

const [, , targetsFile, name, file, seconds, seed] = process.argv;
const MAX_BYTES = 4096;
/** An input that takes longer is a finding as well, ms. */
const SLOW_MS = 250;

let state = Number(seed) >>> 0;
/** Mulberry32, as in random.ts. */
function next() {
  state = (state + 0x6d2b79f5) >>> 0;
  let t = state;
  t = Math.imul(t ^ (t >>> 15), t | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
}
const below = (n) => Math.floor(next() * n);
const pick = (list) => list[below(list.length)];

const session = new Session();
session.connect();
/** Answers come before `post` returns: the inspector of one's own thread is not asynchronous. */
function post(method, params) {
  let answer;
  session.post(method, params, (error, result) => {
    if (error) throw new Error(`${method}: ${error.message}`);
    answer = result;
  });
  return answer;
}
post('Profiler.enable');
post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });

const seen = new Set();
const sources = new Map();

/** Blocks of our own code that ran since the last call and never before: how many. */
function newBlocks(isOurs) {
  let found = 0;
  for (const { url, functions } of post('Profiler.takePreciseCoverage').result) {
    if (!isOurs(url)) continue;
    for (const { functionName, ranges } of functions) {
      for (const { startOffset, endOffset, count } of ranges) {
        if (count === 0) continue;
        // Loops count by powers of two: more turns are something new, one more is not.
        const block = `${url}:${functionName}:${startOffset}-${endOffset}:${Math.min(6, 32 - Math.clz32(count))}`;
        if (seen.has(block)) continue;
        seen.add(block);
        sources.set(url, (sources.get(url) ?? 0) + 1);
        found++;
      }
    }
  }
  return found;
}

const { targets } = await import(pathToFileURL(targetsFile));
const { run, words = [], isOurs } = await targets[name]();

function mutate(text, corpus) {
  let chars = [...text];
  for (let times = 1 + below(4); times > 0; times--) {
    const at = below(chars.length + 1);
    const length = 1 + below(Math.min(12, chars.length + 1));
    switch (below(8)) {
      case 0:
        chars.splice(at, length);
        break;
      case 1:
        chars.splice(
          at,
          0,
          String.fromCodePoint(pick([below(128), below(128), below(0x2100), 0x1f600 + below(80)])),
        );
        break;
      case 2:
        if (at < chars.length) chars[at] = String.fromCodePoint(below(128));
        break;
      case 3:
        chars.splice(at, 0, ...chars.slice(below(chars.length + 1)).slice(0, length));
        break;
      case 4:
        chars.splice(at, 0, ...pick(words.length > 0 ? words : [' ']));
        break;
      case 5: {
        const other = [...pick(corpus)];
        chars = [...chars.slice(0, at), ...other.slice(below(other.length + 1))];
        break;
      }
      case 6:
        chars.splice(
          at,
          0,
          ...pick(['0', '-1', '1e999', '9007199254740993', '\u0000', '\ud800', '\u2028', '\r\n']),
        );
        break;
      default:
        chars.splice(at, length, ...Array.from({ length: 1 + below(40) }, () => chars[at] ?? 'a'));
    }
  }
  return chars.join('').slice(0, MAX_BYTES);
}

const corpus = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : [];
if (corpus.length === 0) corpus.push('', ...words);
const committed = corpus.length;
const findings = [];
const kept = [];
let runs = 0;

/** True where it reached something new. */
function attempt(text) {
  runs++;
  const startedAt = performance.now();
  try {
    run(text);
  } catch (error) {
    findings.push({ input: text.slice(0, 500), says: String(error?.stack ?? error).slice(0, 600) });
  }
  const ms = performance.now() - startedAt;
  if (ms > SLOW_MS && runs > committed)
    findings.push({ input: text.slice(0, 500), says: `took ${Math.round(ms)} ms` });
  return newBlocks(isOurs) > 0;
}

newBlocks(isOurs);
for (const text of corpus) attempt(text);
const fromCorpus = seen.size;
const end = performance.now() + Number(seconds) * 1000;
while (performance.now() < end && findings.length === 0) {
  const text = mutate(pick(corpus), corpus);
  if (!attempt(text)) continue;
  corpus.push(text);
  kept.push(text);
}
if (process.env.FUZZ_KEEP === '1') writeFileSync(file, `${JSON.stringify(corpus, null, 2)}\n`);
process.stdout.write(
  `${JSON.stringify({ target: name, seed: Number(seed), runs, committed, found: kept.length, blocks: seen.size, blocksFromCorpus: fromCorpus, files: sources.size, findings })}\n`,
);
