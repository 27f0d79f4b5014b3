import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../support/until.js';
import { CarefulClient } from './support/careful-client.js';
import { limitHere, printFigures } from './support/figures.js';
import { halfTasks } from './support/half-tasks.js';
import { Random } from './support/random.js';
import { World } from './support/world.js';

const random = Random.ofRun();
const DISK_BYTES = 16_000_000;
const FULL_MS = 12_000;
const TASKS = 100;

/** A small disk; undefined where this process may not mount one. */
function smallDisk(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'roost-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'tmpfs', folder], { stdio: 'ignore' });
    return folder;
  } catch {
    rmdirSync(folder);
    return undefined;
  }
}

const disk = smallDisk();
if (disk === undefined) process.stdout.write('R12 disk full skipped: no right to mount a small disk here\n');

(disk === undefined ? describe.skip : describe)('R12: the disk of Redis is full', () => {
  let world: World;

  beforeAll(async () => {
    world = await World.start({ workers: 1, redisArgs: ['--dir', disk!] });
  }, 60_000);
  afterAll(async () => {
    await world.stop();
    execFileSync('umount', [disk!]);
    rmdirSync(disk!);
  }, 30_000);

  it('refuses what is new with words, loses nothing, and goes on once there is room', async () => {
    const client = new CarefulClient(world.url);
    const work = (n: number) => ({ type: 'ledger-work', input: { forMs: 10 + (n % 50) } });
    await client.submitMany(TASKS, 8, work);
    // The rest of the disk, as some log file would take it.
    let rest = DISK_BYTES;
    for (let part = 1_000_000; part > 1_000;) {
      try {
        writeFileSync(join(disk!, 'ballast'), Buffer.alloc(part), { flag: 'a' });
        rest -= part;
      } catch {
        part = Math.floor(part / 2);
      }
    }
    const refusal = await until(
      'a submit is refused',
      async () => {
        await client.try(`full-${client.acked.size}`, work(1)).catch(() => undefined);
        const answer = await world.api.call('POST', '/api/v1/tasks', work(0));
        const { code, detail } = (await answer.json()) as { code?: string; detail?: string };
        return answer.status === 503 ? { code, detail } : undefined;
      },
      20_000,
    );
    const fullAt = Date.now();
    const pages = await Promise.all(
      ['/tasks', '/monitor'].map(async (path) => {
        const page = await world.api.call('GET', path, undefined, { accept: 'text/html' });
        return { status: page.status, text: await page.text() };
      }),
    );
    await delay(FULL_MS);
    rmSync(join(disk!, 'ballast'));
    const roomAt = Date.now();
    await until('a submit is accepted again', () => client.submit('after', work(1)), 30_000);
    const acceptedMs = Date.now() - roomAt;
    const states = await world.drained(client.ids, limitHere(60_000));
    const books = world.ledger.audit(client.ids);
    const half = await world.withRedis(halfTasks);
    printFigures('R12 disk full', random, {
      fullMs: roomAt - fullAt,
      refusedWith: refusal.code,
      tasks: client.acked.size,
      states,
      lost: books.neverEnded.length,
      ranTwice: books.startedTwice,
      half: half.length,
      acceptedAgainMs: acceptedMs,
      drainedMs: Date.now() - roomAt,
    });
    expect(rest).toBeLessThan(DISK_BYTES);
    expect(refusal.code).toBe('STORAGE_FULL');
    expect(refusal.detail).toMatch(/cannot write to its disk/);
    expect(pages.map(({ status }) => status)).toEqual([200, 200]);
    expect(pages[1]!.text).toContain('cannot write its append-only file');
    expect(states).toEqual({ completed: client.acked.size });
    expect(books.neverEnded).toEqual([]);
    expect(half).toEqual([]);
  }, 180_000);
});
