// The audit in the history's file (HISTORY_URL), while web apps go on writing to it. Changes nothing.
//   npm run audit -- verify                      exit code 0: it is as Roost wrote it; 1: it was changed, or is not verifiable
//   npm run audit -- verify --head 1234:HASH     and goes on from the head that was noted then
//   npm run audit -- export audit.jsonl          one JSON object a line; - is standard output
// --history FILE reads another file, such as a backup; --secret FILE has an earlier ACCESS_SECRET in it.
import { closeSync, existsSync, openSync, readFileSync, writeSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { inRoot, loadSettings } from './project.mjs';
import { ensureRunnable } from './runnable.mjs';
import { Halt, print, printFailure } from './terminal.mjs';
import { historyFile, secretSettings } from './user-audit.mjs';

const USAGE = [
  'npm run audit -- verify [--head <n>:<hash>] [--history <file>] [--secret <file>] [--without-secret]',
  'npm run audit -- export <file or -> [--history <file>] [--force]',
];
const OPTIONS = {
  head: { type: 'string' },
  history: { type: 'string' },
  secret: { type: 'string', multiple: true },
  'without-secret': { type: 'boolean' },
  force: { type: 'boolean' },
};
const NAME_WIDTH = 12;

export async function main(args) {
  let audit;
  try {
    const { command, target, options } = readArguments(args);
    loadSettings();
    await ensureRunnable();
    const { AuditFile } = await import(inRoot('dist/history/sqlite/audit-file.js'));
    const file = options.history ? fromHere(options.history) : historyFile();
    const keys = options['without-secret'] ? [] : await readKeys(options.secret ?? []);
    audit = open(() => new AuditFile(file, keys));
    if (command === 'export') await exportTo(target, audit, options.force === true);
    else process.exitCode = report(audit.check(readHead(options.head)), { file, options, keys });
  } catch (error) {
    process.exitCode = printFailure(error);
  } finally {
    audit?.close();
  }
}

function readArguments(args) {
  let parsed;
  try {
    parsed = parseArgs({ args, allowPositionals: true, options: OPTIONS });
  } catch (error) {
    throw new Halt(error.message.split('. ')[0], USAGE, 2);
  }
  const [command, target, ...more] = parsed.positionals;
  if (command !== 'verify' && command !== 'export')
    throw new Halt(command ? `There is no command ${command}.` : 'No command given.', USAGE, 2);
  if (command === 'export' && !target) throw new Halt('Name the file to write, or - .', USAGE, 2);
  if (more.length > 0 || (command === 'verify' && target))
    throw new Halt('There is a word too many.', USAGE, 2);
  return { command, target, options: parsed.values };
}

function readHead(text) {
  if (text === undefined) return undefined;
  const [, n, hash] = /^(\d{1,15}):([\w-]{43})$/.exec(text) ?? [];
  if (!n) throw new Halt('--head takes what an earlier verify printed, such as 1234:hash.', USAGE, 2);
  return { n: Number(n), hash };
}

/** The present secret first; earlier ones from the files named. */
async function readKeys(files) {
  const { findAccessSecret } = await import(inRoot('dist/platform/config/access-secret.js'));
  const { toAuditKey } = await import(inRoot('dist/history/sqlite/audit-seal.js'));
  const present = open(() => findAccessSecret(secretSettings()));
  const earlier = files.map((file) => open(() => readFileSync(fromHere(file), 'utf8').trim()));
  return [present, ...earlier].filter(Boolean).map(toAuditKey);
}

function open(make) {
  try {
    return make();
  } catch (error) {
    throw new Halt(error.message);
  }
}

/** npm runs scripts in the project's folder; a path is meant from where the person is. */
function fromHere(path) {
  return resolve(process.env.INIT_CWD ?? process.cwd(), path);
}

/** Prints the findings and returns the exit code. */
function report({ broken, ...found }, { file, options, keys }) {
  const row = (name, value) => print(`  ${name.padEnd(NAME_WIDTH)} ${value}`);
  const head = readHead(options.head);
  const trouble = broken
    ? brokenWords(broken)
    : sealTrouble(found, keys.length > 0, options['without-secret']);
  const verdict = broken
    ? 'is not as it was written'
    : trouble
      ? 'could not be checked'
      : 'is as it was written';
  print(`The audit in ${file} ${verdict}.`);
  if (trouble) row('why', trouble);
  row('entries', `${number(found.entries)} as they were written${broken ? ', up to there' : ''}`);
  row('head', `${found.head.n}:${found.head.hash}`);
  if (found.uncovered > 0) row('not covered', `${number(found.uncovered)} from before there was a chain`);
  if (found.forgottenBefore !== null)
    row('forgotten', `those from before ${time(found.forgottenBefore)}, by AUDIT_RETENTION_DAYS`);
  if (found.unknownSeals > 0)
    row(
      'not known',
      `${number(found.unknownSeals)} seals are by another secret: name its file with --secret`,
    );
  if (!trouble && !found.isSealed)
    row('not known', 'whether the whole of it was written anew: that only the seals show, and their secret');
  if (!trouble && !head)
    row(
      'not known',
      'whether entries were cut off its end, or the file was replaced by an older one: note the head, and name it next time',
    );
  if (head && head.n < found.first) row('not known', 'of the noted head: retention has passed it');
  return trouble ? 1 : 0;
}

function brokenWords({ what, entry, at }) {
  return entry === undefined ? what : `${what.replace(/\.$/, '')}: entry ${entry}, of ${time(at)}`;
}

/** Exit text for an audit without contradictions that can't be verified either. */
function sealTrouble({ entries, uncovered, isSealed, unknownSeals, head }, hasSecret, isWithout) {
  if (entries === 0 && head.n === 0 && uncovered > 0)
    return 'No entry is covered: the chain begins with the next one that is written.';
  if (isSealed || isWithout || head.n === 0) return undefined;
  if (!hasSecret)
    return 'The secret is not here (ACCESS_SECRET, or access-secret beside the file of users); --without-secret checks the rest.';
  if (unknownSeals > 0) return 'Its end is sealed with another secret than the one here.';
  return undefined;
}

async function exportTo(target, audit, force) {
  const { toExported } = await import(inRoot('dist/audit/audit-view.js'));
  const path = target === '-' ? undefined : fromHere(target);
  if (path && existsSync(path) && !force)
    throw new Halt(`${path} is there already.`, ['Name a new file, or replace this one with --force.']);
  const out = path ? open(() => openSync(path, 'w', 0o600)) : 1;
  let count = 0;
  try {
    for (const { entry, link } of audit.entries()) {
      writeAll(out, `${JSON.stringify(toExported(entry, link))}\n`);
      count++;
    }
  } catch (error) {
    // EPIPE: the reader, such as `head`, closed the pipe.
    if (error.code !== 'EPIPE') throw new Halt(`The export ended early: ${error.message}`);
  } finally {
    if (path) closeSync(out);
  }
  if (path) print(`${number(count)} entries in ${path}`);
}

/** All of it, also to a pipe that is full for a moment. */
function writeAll(out, text) {
  let rest = Buffer.from(text);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(out, rest));
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

function number(n) {
  return n.toLocaleString('en');
}

function time(at) {
  return new Date(at).toISOString();
}
