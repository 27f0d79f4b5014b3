/*
 * A loss of power removes the end of Redis's append-only file, often in the middle of a script, which is written as
 * MULTI ... EXEC. Redis then leaves out what is not whole, but cuts the file behind the last whole command: the MULTI
 * stays, what is written from then on belongs to it, and the next start runs the half script after all (seen with
 * 7.0.15). So the file is cut before such a MULTI, before Redis sees it.
 */
import { closeSync, fstatSync, ftruncateSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';

const CHUNK = 1 << 20;
const CR = 13;

/** Returns the number of bytes cut off; 0 when no transaction was left open. */
export function cutHalfScript(dataDir) {
  const file = newestPart(join(dataDir, 'appendonlydir'));
  if (file === undefined) return 0;
  const fd = openSync(file, 'r+');
  try {
    const { size } = fstatSync(fd);
    const begun = unendedAt(fd, size);
    if (begun === undefined) return 0;
    ftruncateSync(fd, begun);
    return size - begun;
  } finally {
    closeSync(fd);
  }
}

/** The part that Redis appends to, as `appendonly.aof.12.incr.aof`. */
function newestPart(folder) {
  const number = (name) => Number(/\.(\d+)\.incr\.aof$/.exec(name)?.[1] ?? 0);
  let names = [];
  try {
    names = readdirSync(folder).filter((name) => number(name) > 0);
  } catch {
    // No such folder: Redis before 7, or one that never ran.
  }
  const newest = names.sort((a, b) => number(b) - number(a))[0];
  return newest && join(folder, newest);
}

/** Returns the offset of a MULTI without a complete EXEC. Undefined too if the file cannot be read: Redis reports why. */
function unendedAt(fd, size) {
  const reader = new Reader(fd, size);
  let begun;
  try {
    while (!reader.atEnd) {
      const at = reader.at;
      const name = reader.command();
      if (name === 'MULTI') begun = at;
      else if (name === 'EXEC') begun = undefined;
    }
  } catch (error) {
    if (error !== SHORT) return undefined;
  }
  return begun;
}

const SHORT = new Error('the file ends in the middle of a command');

/** Walks from command to command and reads only their names. */
class Reader {
  at = 0;
  #buffer = Buffer.alloc(0);
  #from = 0;

  constructor(fd, size) {
    this.fd = fd;
    this.size = size;
  }

  get atEnd() {
    return this.at >= this.size;
  }

  command() {
    // Redis 7 may note the time between commands: `#TS:1700000000`.
    if (this.#byte() === 35) {
      this.#line();
      return '';
    }
    const parts = this.#number('*');
    let name = '';
    for (let i = 0; i < parts; i++) {
      const length = this.#number('$');
      if (this.at + length + 2 > this.size) throw SHORT;
      if (i === 0 && length <= 5) name = this.#text(length).toUpperCase();
      this.at += length + 2;
    }
    return name;
  }

  #number(sign) {
    const line = this.#line();
    const number = Number(line.slice(1));
    if (line[0] !== sign || !/^\d+$/.test(line.slice(1))) throw new Error(`no ${sign} at ${this.at}`);
    return number;
  }

  #line() {
    this.#have(64);
    const start = this.at - this.#from;
    const end = this.#buffer.indexOf(CR, start);
    if (end < 0 || this.#from + end + 2 > this.size) throw SHORT;
    if (end - start > 40) throw new Error(`no line at ${this.at}`);
    this.at = this.#from + end + 2;
    return this.#buffer.toString('latin1', start, end);
  }

  #byte() {
    this.#have(1);
    return this.#buffer[this.at - this.#from];
  }

  #text(length) {
    this.#have(length);
    return this.#buffer.toString('latin1', this.at - this.#from, this.at - this.#from + length);
  }

  /** Reads this many bytes from here, or fewer at the end of the file. */
  #have(count) {
    const wanted = Math.min(count, this.size - this.at);
    if (this.at >= this.#from && this.at + wanted <= this.#from + this.#buffer.length) return;
    const chunk = Buffer.allocUnsafe(Math.min(CHUNK, this.size - this.at));
    const got = readSync(this.fd, chunk, 0, chunk.length, this.at);
    this.#buffer = chunk.subarray(0, got);
    this.#from = this.at;
  }
}
