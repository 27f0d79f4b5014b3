import { fork, type ChildProcess } from 'node:child_process';
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  lstatSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { isSameFile, locateFile } from '../file-location.js';
import type { BackupSummary } from './summarize.js';

/** Interval of progress reports, ms. */
const PROGRESS_MS = 250;
/** Files that SQLite creates beside an open database. */
const COMPANIONS = ['-wal', '-shm', '-journal'];

/** Reports a failed backup with its cause and its remedy. */
export class BackupError extends Error {
  override name = 'BackupError';

  constructor(
    message: string,
    readonly cure = '',
  ) {
    super(message);
  }
}

export interface BackupOptions {
  /** HISTORY_URL; relative paths start at `root`. */
  url: string;
  root: string;
  target: string;
  /** Replaces an existing file. */
  force?: boolean;
  /** `done` of `total` bytes while copying; the check reports no progress. */
  onProgress?: (step: 'copying' | 'checking', done: number, total: number) => void;
  /** Aborts the backup and removes the partial copy. */
  signal?: AbortSignal;
}

export type FromBackup =
  | { type: 'size'; bytes: number }
  | { type: 'copied' }
  | { type: 'done'; summary: BackupSummary }
  | { type: 'failed'; message: string; cure: string };

/**
 * Writes a consistent copy of the history into one file while web apps continue to write, and checks the copy before
 * it gets its final name. Copies in a separate process: SQLite works in one long call, and a process can be killed.
 * @throws BackupError
 */
export async function backUpHistory(options: BackupOptions): Promise<BackupSummary & { source: string }> {
  const source = sourceOf(options);
  const target = resolve(options.target);
  checkTarget(source, target, options.force === true);
  const part = join(dirname(target), `.${basename(target)}.${process.pid}.part`);
  createPrivate(part);
  try {
    const summary = await copy(source, part, options);
    sync(part);
    publish(part, target, options.force === true);
    sync(dirname(target));
    return { ...summary, source };
  } finally {
    for (const end of ['', ...COMPANIONS]) rmSync(part + end, { force: true });
  }
}

function sourceOf({ url, root }: BackupOptions): string {
  if (!url.startsWith('file:') || url.length === 'file:'.length)
    throw new BackupError(
      'HISTORY_URL names no file. This command backs up only histories in a file.',
      'Use the backup tool of its database.',
    );
  const source = resolve(root, url.slice('file:'.length));
  const found = statSync(source, { throwIfNoEntry: false });
  if (!found)
    throw new BackupError(
      `There is no history at ${source}.`,
      'Start the web app once, or set HISTORY_URL as it is set for the web app.',
    );
  if (!found.isFile())
    throw new BackupError(`${source} is not a file.`, 'Set HISTORY_URL as it is set for the web app.');
  return source;
}

function checkTarget(source: string, target: string, force: boolean): void {
  const folder = dirname(target);
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw new BackupError(`There is no folder ${folder}.`, `mkdir -p ${folder}`);
  const found = lstatSync(target, { throwIfNoEntry: false });
  if (found?.isDirectory())
    throw new BackupError(`${target} is a folder.`, `Name a file, such as ${join(target, 'history.db')}`);
  if (isPartOfHistory(source, target))
    throw new BackupError(`${target} is the history itself.`, 'Name another file for the backup.');
  const companion = COMPANIONS.map((end) => target + end).find((path) => existsSync(path));
  if (companion)
    throw new BackupError(
      `${companion} is there: ${target} is a database in use, or was one when its program was killed.`,
      'Name another file for the backup.',
    );
  if (found && !force) throw targetExists(target);
}

function isPartOfHistory(source: string, target: string): boolean {
  const [there, here] = [locateFile(source), locateFile(target)];
  return (there && here && isSameFile(there, here)) || COMPANIONS.some((end) => source + end === target);
}

function targetExists(target: string): BackupError {
  return new BackupError(`${target} is there already.`, 'Name a new file, or replace this one with --force.');
}

/** Creates an empty file readable by its owner alone; SQLite writes into it. */
function createPrivate(part: string): void {
  try {
    closeSync(openSync(part, 'wx', 0o600));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw code === 'EACCES' || code === 'EPERM' || code === 'EROFS'
      ? new BackupError(`The folder ${dirname(part)} cannot be written (${code}).`, 'Name another folder.')
      : new BackupError(`The backup cannot be written: ${message}`);
  }
}

async function copy(
  source: string,
  part: string,
  { onProgress, signal }: BackupOptions,
): Promise<BackupSummary> {
  const child = fork(new URL('./backup-process.js', import.meta.url), [source, part], {
    execArgv: [...process.execArgv, '--enable-source-maps'],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const kill = () => child.kill('SIGKILL');
  signal?.addEventListener('abort', kill);
  let total = 0;
  let isCopied = false;
  const timer = setInterval(() => {
    const done = statSync(part, { throwIfNoEntry: false })?.size ?? 0;
    onProgress?.(isCopied ? 'checking' : 'copying', Math.min(done, total), total);
  }, PROGRESS_MS);
  try {
    const answer = await waitForResult(child, (message) => {
      if (message.type === 'size') total = message.bytes;
      if (message.type === 'copied') isCopied = true;
    });
    if (answer.type === 'done') return answer.summary;
    throw new BackupError(signal?.aborted ? 'The backup was stopped.' : answer.message, answer.cure);
  } finally {
    clearInterval(timer);
    signal?.removeEventListener('abort', kill);
  }
}

type Last = Extract<FromBackup, { type: 'done' | 'failed' }>;

/** Resolves when the process has ended and its connection to the copy is closed. */
function waitForResult(child: ChildProcess, onMessage: (message: FromBackup) => void): Promise<Last> {
  let output = '';
  let last: Last | undefined;
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.on('message', (message: FromBackup) => {
    if (message.type === 'done' || message.type === 'failed') last = message;
    else onMessage(message);
  });
  return new Promise((finish) => {
    child.once('error', (error) => finish({ type: 'failed', message: error.message, cure: '' }));
    child.once('close', (code, ended) => {
      const message = `The copying process ended early (${ended ?? code}). ${output.trim()}`.trim();
      finish(last ?? { type: 'failed', message, cure: '' });
    });
  });
}

/** Flushes to the disk: a backup must survive a power failure. */
function sync(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } catch {
    // A folder cannot be synced on every system.
  } finally {
    closeSync(file);
  }
}

/** Replaces a file that appeared meanwhile only with `force`. */
function publish(part: string, target: string, force: boolean): void {
  if (!force) {
    try {
      linkSync(part, target);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw targetExists(target);
      // A file system without links.
      if (existsSync(target)) throw targetExists(target);
    }
  }
  renameSync(part, target);
}
