import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Queue } from 'bullmq';
import { transform } from 'esbuild';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  OutcomeUnknownError,
  Roost,
  TaskCancelledError,
  TaskExpiredError,
  TaskFailedError,
  WaitTimeoutError,
  type TaskEvent,
} from '../../src/client.js';
import type { DivideTask } from '../../src/task-types/divide/divide.task.js';
import { ChaosProxy } from '../chaos/support/chaos-proxy.js';
import { projectRoot, TestProcess } from '../support/processes.js';
import { Roost as RunningRoost } from '../support/roost.js';

const GUIDE = readFileSync(join(projectRoot, 'docs/client.md'), 'utf8');
const EXAMPLES = [...GUIDE.matchAll(/```ts\n([^]*?)```\n\n```text\n([^]*?)```/g)].map(([, code, output]) => ({
  code: code!,
  output: output!,
}));
const CLIENT = pathToFileURL(join(projectRoot, 'dist/client.js')).href;
/** A task that runs until it is cancelled. */
const ENDLESS = { x: 1, y: 3, digits: 100_000, stepDelayMs: 1000 };

describe('the typed client', () => {
  let running: RunningRoost;
  let roost: Roost;
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'roost-client-'));
    running = await RunningRoost.start();
    roost = await Roost.connect(running.url, { retryForMs: 60_000, requestTimeoutMs: 60_000 });
  });

  afterAll(async () => {
    await roost?.close();
    await running?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const divide = (client = roost) => client.task<typeof DivideTask, 'digits' | 'stepDelayMs'>('divide');
  const errorOf = (promise: Promise<unknown>): Promise<unknown> =>
    promise.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
  /** Every task with the tag, in Redis: the history may be behind. */
  const countTagged = async (tag: string) => {
    const queue = new Queue('default', { prefix: 'roost', connection: { url: running.redis.url } });
    const jobs = await queue.getJobs();
    await queue.close();
    return jobs.filter(({ data }) => (data as { tags?: string[] }).tags?.includes(tag)).length;
  };

  it('submits a task and returns its result', async () => {
    const task = await divide().submit({ x: 10, y: 4 }, { tags: ['one'], priority: 2 });
    expect(task.accepted).toMatchObject({ type: 'divide', state: 'waiting', tags: ['one'], priority: 2 });
    expect(await task.result()).toMatchObject({ quotient: 2.5 });
    expect(await task.get()).toMatchObject({ state: 'completed', id: task.id });
  });

  it('throws what became of a task without a result', async () => {
    const failed = await divide().submit({ x: 1, y: 0 });
    const failure = (await errorOf(failed.result())) as TaskFailedError;
    expect(failure).toBeInstanceOf(TaskFailedError);
    expect(failure.failure).toMatchObject({
      ...{ name: 'PermanentError', message: expect.stringContaining('Division by zero') },
      stack: expect.stringContaining('divide.task'),
    });

    const later = await divide().submit({ x: 1, y: 2 }, { delayMs: 3_600_000 });
    expect(await errorOf(later.result({ timeoutMs: 50 }))).toBeInstanceOf(WaitTimeoutError);
    const waiting = errorOf(later.result());
    await later.cancel({ reason: 'no use' });
    expect(await waiting).toBeInstanceOf(TaskCancelledError);
    expect(await waiting).toMatchObject({ reason: 'no use', task: { state: 'cancelled' } });
    expect(await later.cancel()).toMatchObject({ state: 'cancelled' });
    expect(await later.retry()).toMatchObject({ id: later.id });
    expect(await later.result()).toMatchObject({ quotient: 0.5 });

    const paused = await roost.queues.pause('default', { reason: 'test' });
    expect(paused).toMatchObject({ name: 'default' });
    const short = await divide().submit({ x: 1, y: 2 }, { expiresAt: new Date(Date.now() + 8000) });
    expect(await errorOf(short.result())).toBeInstanceOf(TaskExpiredError);
    await roost.queues.resume('default');
  });

  it('follows a task through a cancel to its end', async () => {
    const task = await divide().submit(ENDLESS);
    const events: TaskEvent[] = [];
    for await (const event of task.events()) {
      events.push(event);
      if (event.type === 'progress') await task.cancel({ reason: 'seen enough' });
    }
    expect(events[0]!.type).toBe('snapshot');
    expect(events.at(-1)).toMatchObject({ type: 'state', task: { state: 'cancelled' } });
    // A task that has finished is read the same way.
    const again: TaskEvent[] = [];
    for await (const event of task.events()) again.push(event);
    expect(again).toMatchObject([{ type: 'snapshot', task: { state: 'cancelled' } }]);
    await task.remove();
    expect(await errorOf(task.get())).toMatchObject({ code: 'TASK_GONE' });
  });

  it('submits many, each with its outcome', async () => {
    const inputs = Array.from({ length: 1500 }, (_, x) => ({ x, y: x === 7 ? ('seven' as const) : 1 }));
    const outcomes = await divide().submitMany(inputs, { tags: ['many'], delayMs: 3_600_000 });
    expect(outcomes.filter(({ ok }) => ok)).toHaveLength(1499);
    expect(outcomes[7]).toMatchObject({ ok: false, error: { code: 'INPUT_INVALID', status: 422 } });
    expect(await countTagged('many')).toBe(1499);
  });

  it('refuses as the server does', async () => {
    expect(await errorOf(roost.task('divid').submit({}))).toMatchObject({ code: 'TASK_TYPE_UNKNOWN' });
    expect(await errorOf(roost.task('divide').submit({ x: 1 }))).toMatchObject({
      ...{ code: 'INPUT_INVALID', status: 422, requestId: expect.any(String) },
      fields: [{ path: 'input.y', message: expect.any(String) }],
    });
    const key = { idempotencyKey: 'client-conflict', delayMs: 3_600_000 };
    await divide().submit({ x: 1, y: 2 }, key);
    expect(await errorOf(divide().submit({ x: 2, y: 2 }, key))).toMatchObject({
      code: 'IDEMPOTENCY_CONFLICT',
    });
  });

  it('makes one task of each submit whose answers are lost, also with two producers', async () => {
    const proxy = await ChaosProxy.start(Number(new URL(running.url).port));
    const client = await Roost.connect(`http://127.0.0.1:${proxy.port}`, { retryForMs: 120_000 });
    try {
      for (let i = 0; i < 20; i++) {
        proxy.dropReplyAfter(/POST \/api\/v1\/tasks /);
        const options = { tags: ['lost'], delayMs: 3_600_000, idempotencyKey: `lost-${i}` };
        const both = await Promise.all([
          divide(client).submit({ x: i, y: 1 }, options),
          divide().submit({ x: i, y: 1 }, options),
        ]);
        expect(both[0].id).toBe(both[1].id);
      }
      expect(proxy.counts.repliesDropped).toBe(20);
      expect(await countTagged('lost')).toBe(20);

      proxy.dropReplyAfter(/POST \/api\/v1\/tasks\/bulk /);
      const inputs = Array.from({ length: 50 }, (_, x) => ({ x, y: 1 }));
      const outcomes = await divide(client).submitMany(inputs, { tags: ['bulk'], delayMs: 3_600_000 });
      expect(outcomes.filter(({ ok }) => ok)).toHaveLength(50);
      expect(proxy.counts.repliesDropped).toBe(21);
      expect(await countTagged('bulk')).toBe(50);
    } finally {
      await client.close();
      await proxy.stop();
    }
  });

  it('does not know the outcome of a last try; the same key clears it up', async () => {
    const proxy = await ChaosProxy.start(Number(new URL(running.url).port));
    const client = await Roost.connect(`http://127.0.0.1:${proxy.port}`, { retryForMs: 0 });
    try {
      proxy.dropReplyAfter(/POST \/api\/v1\/tasks /);
      const options = { tags: ['unknown'], delayMs: 3_600_000 };
      const error = (await errorOf(divide(client).submit({ x: 1, y: 1 }, options))) as OutcomeUnknownError;
      expect(error).toBeInstanceOf(OutcomeUnknownError);
      const { idempotencyKey } = error;
      await divide().submit({ x: 1, y: 1 }, { ...options, idempotencyKey: idempotencyKey! });
      expect(await countTagged('unknown')).toBe(1);
    } finally {
      await client.close();
      await proxy.stop();
    }
  });

  it('makes one task of each key where the producer is killed and another one submits again', async () => {
    const options = (i: number) => ({ tags: ['killed'], delayMs: 3_600_000, idempotencyKey: `killed-${i}` });
    const file = join(folder, 'producer.mjs');
    writeFileSync(
      file,
      `import { Roost } from '${CLIENT}';
      const roost = await Roost.connect('${running.url}', { retryForMs: 60_000 });
      for (let i = 0; i < 20; i++) {
        const submit = roost.task('divide').submit({ x: i, y: 1 }, { ...${JSON.stringify(options(0))}, idempotencyKey: 'killed-' + i });
        console.log('sending ' + i);
        await submit;
      }`,
    );
    const producer = new TestProcess('producer', process.execPath, [file], { cwd: folder });
    await producer.waitForOutput(/sending 9/);
    await producer.kill();
    for (let i = 0; i < 20; i++) await divide().submit({ x: i, y: 1 }, options(i));
    expect(await countTagged('killed')).toBe(20);
  });

  it('resumes the events of a task after its connections were cut', async () => {
    const proxy = await ChaosProxy.start(Number(new URL(running.url).port));
    const client = await Roost.connect(`http://127.0.0.1:${proxy.port}`, { retryForMs: 120_000 });
    try {
      const task = await divide(client).submit({ x: 1, y: 3, digits: 30, stepDelayMs: 100 });
      const types: string[] = [];
      let last: TaskEvent | undefined;
      for await (const event of task.events()) {
        types.push(event.type);
        last = event;
        if (types.length === 2) proxy.resetAll();
      }
      expect(proxy.counts.reset).toBeGreaterThan(0);
      expect(last).toMatchObject({ type: 'state', task: { state: 'completed' } });
      expect(types.filter((type) => type === 'snapshot')).toHaveLength(1);
    } finally {
      await client.close();
      await proxy.stop();
    }
  });

  it('reads queues, workers and task types, and commands a worker', async () => {
    expect((await roost.queues.list()).map(({ name }) => name)).toEqual(
      expect.arrayContaining(['default', 'cpu']),
    );
    const [worker] = await roost.workers.list();
    expect(await roost.workers.get(worker!.id)).toMatchObject({ id: worker!.id, status: 'online' });
    expect(await roost.workers.command(worker!.id, 'ping')).toEqual(expect.any(Object));
    expect((await roost.taskTypes()).map(({ name }) => name)).toContain('divide');
    const found = [];
    for await (const task of roost.tasks.list({ type: 'divide', limit: 200 })) found.push(task.id);
    expect(new Set(found).size).toBe(found.length);
  });

  it('waits for a job that a plain BullMQ producer added', async () => {
    const queue = new Queue('default', { prefix: 'roost', connection: { url: running.redis.url } });
    try {
      await queue.add('divide', { x: 10, y: 4 }, { jobId: 'invoice-17', attempts: 3 });
      await queue.add('divide', { x: 10, y: 4 }, { jobId: 'invoice-17', attempts: 3 });
      const task = roost.handle('invoice-17');
      expect(await task.result()).toMatchObject({ quotient: 2.5 });
      expect(await task.get()).toMatchObject({
        ...{ type: 'divide', state: 'completed', attempts: { made: 1, max: 3 } },
        input: { x: 10, y: 4 },
      });
      await queue.add('divide', { x: 'no', y: 4 }, { jobId: 'invoice-18' });
      expect(await errorOf(roost.handle('invoice-18').result())).toBeInstanceOf(TaskFailedError);
    } finally {
      await queue.close();
    }
  });

  it('has examples', () => expect(EXAMPLES.length).toBeGreaterThan(3));

  it.each(EXAMPLES)('runs the example $#', async ({ code, output }) => {
    const { code: script } = await transform(code, { loader: 'ts', format: 'esm', target: 'node20' });
    const file = join(folder, `example-${EXAMPLES.findIndex((one) => one.code === code)}.mjs`);
    writeFileSync(
      file,
      script.replace(/["']roost\/client["']/, `'${CLIENT}'`).replaceAll('http://127.0.0.1:5000', running.url),
    );
    const program = new TestProcess('example', process.execPath, [file], { cwd: folder });
    await program.ended;
    expect(program.output).toBe(output);
  });
});
