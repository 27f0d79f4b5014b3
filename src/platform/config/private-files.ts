import { chmodSync, closeSync, mkdirSync, openSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';

const OTHERS_MAY_READ = 0o044;
const OTHERS_MAY_WRITE = 0o022;

/**
 * Creates a folder that only its owner can access. Restricts an existing one only below the working directory: `/tmp`
 * or a home folder named in a setting belongs to the user.
 */
export function ensurePrivateFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (resolve(folder).startsWith(process.cwd() + sep)) closeToOthers(folder, 0o700);
}

/**
 * Creates a file that only its owner can access, or restricts an existing one. Does not open an existing file: POSIX
 * drops all locks of a process on a file when it closes any descriptor of it, including SQLite's.
 */
export function ensurePrivateFile(file: string): void {
  ensurePrivateFolder(dirname(file));
  const found = statSync(file, { throwIfNoEntry: false });
  if (found) {
    if (found.isFile()) closeToOthers(file, 0o600);
    return;
  }
  try {
    closeSync(openSync(file, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** Restricts the existing files of a folder whose names start with `prefix`. */
export function closeFilesToOthers(folder: string, prefix: string): void {
  for (const path of filesIn(folder, prefix)) closeToOthers(path, 0o600);
}

/** Returns sentences about files that other users of this machine can read, for the log at start. */
export function findOpenFiles(folder: string, prefix: string): string[] {
  if (process.platform === 'win32') return [];
  const open = filesIn(folder, prefix).filter((path) => modeOf(path) & OTHERS_MAY_READ);
  const writable = modeOf(folder) & OTHERS_MAY_WRITE && !(modeOf(folder) & 0o1000) ? [folder] : [];
  return [
    ...open.map((path) => `Other users of this machine can read ${path}. Run: chmod go= ${path}`),
    ...writable.map(
      (path) => `Other users of this machine can replace files in ${path}. Run: chmod go-w ${path}`,
    ),
  ];
}

function filesIn(folder: string, prefix: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.startsWith(prefix))
      .map((name) => join(folder, name));
  } catch {
    return [];
  }
}

function modeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mode ?? 0;
}

/** Skips files of another user: `findOpenFiles` reports them. */
function closeToOthers(path: string, mode: number): void {
  if (process.platform === 'win32' || !(modeOf(path) & 0o077)) return;
  try {
    chmodSync(path, mode);
  } catch {
    // not ours
  }
}
