// Copies the history (HISTORY_URL) into one file while web apps go on writing to it, and checks the copy.
//   npm run backup -- backups/history.db
//   npm run backup -- backups/history.db --force     replaces a file that is there
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { onEnding } from './signals.mjs';
import { endPrograms } from './programs.mjs';
import { inRoot, loadSettings, root } from './project.mjs';
import { ensureRunnable } from './runnable.mjs';
import { Halt, print, printFailure, step } from './terminal.mjs';

const USAGE = [
  'npm run backup -- <file>',
  'npm run backup -- <file> --force    replaces a file that is there',
];
const NAME_WIDTH = 16;

export async function main(args) {
  const stop = new AbortController();
  onEnding(() => {
    stop.abort();
    endPrograms();
  });
  try {
    const { file, force } = readArguments(args);
    loadSettings();
    await ensureRunnable();
    const { backUpHistory, BackupError } = await import(
      inRoot('dist/history/sqlite/backup/backup-history.js')
    );
    // npm runs scripts in the project's folder; the path is meant from where the person is.
    const target = resolve(process.env.INIT_CWD ?? process.cwd(), file);
    const { Settings } = await import(inRoot('dist/platform/config/settings.js'));
    const url = process.env.HISTORY_URL?.trim() || new Settings().HISTORY_URL;
    let summary;
    await step('Backup', 'copying the history', async (update) => {
      const onProgress = (what, done, total) => update(progressWords(what, done, total));
      try {
        summary = await backUpHistory({ url, root, target, force, onProgress, signal: stop.signal });
      } catch (error) {
        throw error instanceof BackupError ? new Halt(error.message, error.cure || []) : error;
      }
      return `${summary.source}, copied and checked`;
    });
    for (const line of summaryLines(summary, target)) print(line);
  } catch (error) {
    process.exitCode = stop.signal.aborted ? 130 : printFailure(error);
  }
}

function readArguments(args) {
  let parsed;
  try {
    parsed = parseArgs({ args, allowPositionals: true, options: { force: { type: 'boolean' } } });
  } catch (error) {
    throw new Halt(error.message.split('. ')[0], USAGE);
  }
  const [file, ...more] = parsed.positionals;
  if (!file) throw new Halt('Name the file for the backup.', USAGE);
  if (more.length > 0) throw new Halt(`One file, please; these are ${more.length + 1}.`, USAGE);
  return { file, force: parsed.values.force === true };
}

function progressWords(what, done, total) {
  if (what === 'checking') return 'checking the copy';
  return total > 0 ? `copying the history, ${Math.floor((100 * done) / total)} %` : 'copying the history';
}

function summaryLines({ bytes, tasks, byState, rows, lastEventAt }, target) {
  const states = Object.entries(byState).map(([state, n]) => `${n.toLocaleString('en')} ${state}`);
  const row = (name, value, more = '') => `  ${name.padEnd(NAME_WIDTH)} ${value}${more && `   ${more}`}`;
  return [
    '',
    row('file', target, megabytes(bytes)),
    row('last event', lastEventAt ?? 'none yet'),
    row('tasks', tasks.toLocaleString('en'), states.join(', ')),
    ...Object.entries(rows).map(([name, n]) => row(name, n.toLocaleString('en'))),
    '',
    '  Not in it: users, settings, and the data of Redis. docs/backup.md describes how to back up and restore all of it.',
  ];
}

function megabytes(bytes) {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
