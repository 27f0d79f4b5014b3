// Files under data/ and logs/ hold inputs and results of tasks: only the user who runs Roost may read them.
// The apps do the same for the files they open (src/platform/config/private-files.ts), wherever the settings put them.
import { chmodSync, lstatSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = 0o700;
const FILE = 0o600;

/** Creates the folder with its parents, all of them private. */
export function makePrivateFolder(path) {
  mkdirSync(path, { recursive: true, mode: FOLDER });
}

/**
 * Takes every right of group and others from a folder and all in it, for what an earlier version left open. Links are
 * not followed. Returns the paths that stay open because they belong to another user.
 */
export function makePrivate(path) {
  const entry = lstatSync(path, { throwIfNoEntry: false });
  if (!entry || entry.isSymbolicLink() || process.platform === 'win32') return [];
  const refused = (entry.mode & 0o077) !== 0 && !tryChmod(path, entry) ? [path] : [];
  if (!entry.isDirectory()) return refused;
  return [...refused, ...namesIn(path).flatMap((name) => makePrivate(join(path, name)))];
}

function tryChmod(path, entry) {
  try {
    chmodSync(path, entry.isDirectory() ? FOLDER : FILE);
    return true;
  } catch (error) {
    return error.code === 'ENOENT';
  }
}

function namesIn(folder) {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
