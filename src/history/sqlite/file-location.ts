import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { hostname } from 'node:os';

/**
 * Identifies the physical file behind a path. All processes, symbolic links and bind mounts on one machine get the
 * same result. A rename preserves it, and no way of copying the content copies it.
 */
export interface FileLocation {
  device: string;
  inode: string;
  /**
   * Creation time of the inode, ns; empty if the file system does not report it. Inode numbers are reused at once.
   */
  born: string;
}

/** Undefined when there is no such file. */
export function locateFile(file: string): FileLocation | undefined {
  const found = statSync(file, { bigint: true, throwIfNoEntry: false });
  if (!found) return undefined;
  const { dev, ino, birthtimeNs, ctimeNs } = found;
  // Without a creation time some systems report 0, others the time of the last change.
  const isKnown = birthtimeNs > 0n && birthtimeNs !== ctimeNs;
  return { device: String(dev), inode: String(ino), born: isKnown ? String(birthtimeNs) : '' };
}

/** Compares two files that exist at the same time. */
export function isSameFile(a: FileLocation, b: FileLocation): boolean {
  return a.device === b.device && isSameInode(a, b);
}

/** Also valid across restarts of the machine, which may renumber its devices. */
export function isSameInode(a: Omit<FileLocation, 'device'>, b: Omit<FileLocation, 'device'>): boolean {
  return a.inode === b.inode && (a.born === b.born || a.born === '' || b.born === '');
}

/**
 * Returns an id that no other file in the world has at the same time. Containers on one kernel agree on it, so it
 * cannot include the host name. It changes when the machine restarts.
 */
export function locationId({ device, inode }: FileLocation): string {
  const text = `${kernel()} ${device} ${inode}`;
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

function kernel(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return hostname();
  }
}
