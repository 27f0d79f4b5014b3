import { basename, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sourceName } from '../registry/task-type-folder.js';

/**
 * Adds the name of the task type whose code threw the error while its classes were built. `dir`: folder of
 * the task types.
 */
export function nameTaskType(error: unknown, dir: string): unknown {
  if (!(error instanceof Error) || !error.stack) return error;
  const dirs = [dir, sourceFolder(dir)];
  for (const [, address] of error.stack.matchAll(
    /(?:^| |\()((?:file:\/|[A-Za-z]:)?[\\/][^)\n]+?):\d+:\d+/gm,
  )) {
    const path = toPath(address!);
    const from = dirs.find((one) => path?.startsWith(one + sep));
    if (path === undefined || from === undefined) continue;
    const [name] = path.slice(from.length + 1).split(sep);
    const file = sourceName(basename(path));
    const named = new Error(error.message, { cause: error });
    named.stack = `${name}: code of its file ${file} failed while the worker started. Fix it there.\n${error.stack}`;
    return named;
  }
  return error;
}

/** The folder that source maps name in place of one of dist/. */
function sourceFolder(dir: string): string {
  const parts = dir.split(sep);
  const at = parts.lastIndexOf('dist');
  if (at < 0) return dir;
  const inside = parts.slice(at + 1).filter((part) => part !== 'bundle');
  return [...parts.slice(0, at), 'src', ...inside].join(sep);
}

/** Converts the address of a frame to a path; with source maps it is a path already. */
function toPath(address: string): string | undefined {
  if (!address.startsWith('file:')) return address;
  try {
    return fileURLToPath(address);
  } catch {
    return undefined;
  }
}
