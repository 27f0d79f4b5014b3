import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  OutcomeUnknownError,
  Roost,
  RoostClientError,
  TaskCancelledError,
  TaskExpiredError,
  TaskFailedError,
  WaitTimeoutError,
  type TaskEvent,
} from '../../../src/client.js';
import { FakeServer, json, lost, problem, stream } from './fake-server.js';

const view = (state: string, more: object = {}) => ({
  id: 't1',
  type: 'divide',
  state,
  error: null,
  ...more,
});

describe('a task over HTTP', () => {
  let server: FakeServer;
  let roosts: Roost[] = [];

  beforeAll(async () => void (server = await FakeServer.start()));
  afterAll(() => server.stop());
  afterEach(async () => {
    await Promise.all(roosts.map((roost) => roost.close()));
    roosts = [];
  });

  const connect = async (options: { retryForMs?: number } = {}) => {
    const roost = await Roost.connect(server.url, { check: false, ...options });
    roosts.push(roost);
    return roost;
  };
  const handle = async (options?: { retryForMs?: number }) => (await connect(options)).handle('t1');
  const errorOf = (promise: Promise<unknown>): Promise<unknown> =>
    promise.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );

  describe('result', () => {
    it('asks again until the task has finished', async () => {
      server.answer(json(200, view('waiting')), lost, json(200, view('completed', { result: { n: 1 } })));
      expect(await (await handle()).result()).toEqual({ n: 1 });
      expect(server.arrived.map(({ path }) => path)).toEqual(
        Array.from({ length: 3 }, () => '/api/v1/tasks/t1?wait=30'),
      );
    });

    it('throws the error of a failed task', async () => {
      const error = { name: 'PermanentError', message: 'Division by zero', stack: 'at divide' };
      server.answer(json(200, view('failed', { error })));
      const thrown = (await errorOf((await handle()).result())) as TaskFailedError;
      expect(thrown).toBeInstanceOf(TaskFailedError);
      expect(thrown).toMatchObject({ code: 'TASK_FAILED', failure: error, task: { id: 't1' } });
      expect(thrown.message).toBe('Task t1 (divide) failed: PermanentError: Division by zero');
    });

    it('throws for a cancelled, an expired and a cut one', async () => {
      const cancelled = { by: 'ada', at: '2026-01-01T00:00:00Z', reason: 'no use' };
      server.answer(
        json(200, view('cancelled', { cancelled })),
        json(200, view('expired', { expiresAt: '2026-01-01T00:00:00Z' })),
        json(200, view('completed', { cut: ['result'] })),
      );
      const task = await handle();
      const thrown = [];
      for (let i = 0; i < 3; i++) thrown.push(await errorOf(task.result()));
      expect(thrown[0]).toBeInstanceOf(TaskCancelledError);
      expect(thrown[0]).toMatchObject({ reason: 'no use', message: expect.stringContaining('by ada') });
      expect(thrown[1]).toBeInstanceOf(TaskExpiredError);
      expect(thrown[2]).toMatchObject({ code: 'RESULT_NOT_STORED' });
    });

    it('ends after its time with the task as last read', async () => {
      server.answer(json(200, view('active')), () => undefined);
      const thrown = (await errorOf((await handle()).result({ timeoutMs: 300 }))) as WaitTimeoutError;
      expect(thrown).toBeInstanceOf(WaitTimeoutError);
      expect(thrown).toMatchObject({ taskId: 't1', task: { state: 'active' }, code: 'WAIT_TIMEOUT' });
    });

    it('lets the server hold the answer no longer than it waits', async () => {
      server.answer(json(200, view('completed')));
      await (await handle()).result({ timeoutMs: 10_000 });
      expect(server.arrived[0]!.path).toBe('/api/v1/tasks/t1?wait=9');
    });

    it('ends with the signal', async () => {
      const controller = new AbortController();
      const reason = new Error('enough');
      server.answer(() => controller.abort(reason));
      expect(await errorOf((await handle()).result({ signal: controller.signal, timeoutMs: 60_000 }))).toBe(
        reason,
      );
    });

    it('ends where the task is gone', async () => {
      server.answer(problem(410, 'TASK_GONE'));
      expect(await errorOf((await handle()).result())).toMatchObject({ code: 'TASK_GONE', status: 410 });
    });
  });

  describe('commands', () => {
    it('escapes the id', async () => {
      server.answer(json(200, view('cancelled')));
      const { cancel } = { cancel: (await connect()).handle('a/b?c') };
      await cancel.cancel({ reason: 'no use' });
      expect(server.arrived[0]).toMatchObject({
        ...{ method: 'POST', path: '/api/v1/tasks/a%2Fb%3Fc/cancel', body: { reason: 'no use' } },
      });
    });

    it('repeats a cancel, and finds its effect', async () => {
      server.answer(lost, problem(409, 'TASK_STATE_CONFLICT'), json(200, view('cancelled')));
      expect(await (await handle()).cancel()).toMatchObject({ state: 'cancelled' });
    });

    it('refuses to cancel a task that has completed', async () => {
      server.answer(problem(409, 'TASK_STATE_CONFLICT'), json(200, view('completed')));
      expect(await errorOf((await handle()).cancel())).toMatchObject({ code: 'TASK_STATE_CONFLICT' });
    });

    it.each(['retry', 'promote', 'remove'] as const)(
      'does not repeat a %s whose answer was lost',
      async (command) => {
        server.answer(lost);
        const thrown = (await errorOf((await handle())[command]())) as OutcomeUnknownError;
        expect(thrown).toBeInstanceOf(OutcomeUnknownError);
        expect(thrown.idempotencyKey).toBeUndefined();
        expect(server.arrived).toHaveLength(1);
      },
    );

    it('repeats a command that was surely not executed', async () => {
      server.answer(problem(503, 'SHUTTING_DOWN'), json(200, view('waiting')));
      expect(await (await handle()).retry()).toMatchObject({ state: 'waiting' });
    });

    it('removes, and reads logs', async () => {
      server.answer((res) => void res.writeHead(204).end());
      await (await handle()).remove();
      server.answer(json(200, { items: [{ n: 4, text: 'x' }], total: 5 }));
      expect(await (await handle()).logs({ after: 4, limit: 10 })).toEqual([{ n: 4, text: 'x' }]);
      expect(server.arrived[0]!.path).toBe('/api/v1/tasks/t1/logs?after=4&limit=10');
    });
  });

  describe('events', () => {
    const sse = (event: string, data: object, id?: string) =>
      `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
    const read = async (events: AsyncIterable<TaskEvent>) => {
      const all: TaskEvent[] = [];
      for await (const event of events) all.push(event);
      return all;
    };
    const brief = (events: TaskEvent[]) =>
      events.map((event) =>
        'task' in event
          ? `${event.type}:${event.task.state}`
          : event.type === 'log'
            ? `log:${event.lines.map(({ n }) => n).join()}`
            : event.type,
      );

    it('yields changes, resumes after an interruption, and ends with the task', async () => {
      server.answer(
        stream(
          `retry: 1\n\n${sse('snapshot', { task: view('waiting') }, '1-0~0')}: still here\n\n${sse('state', { task: view('active') }, '2-0~0')}`,
        ),
        stream(`retry: 1\n\n${sse('bye', {})}`),
        stream(
          `${sse('progress', { progress: { percent: 50 } })}${sse('log', { lines: [{ n: 0 }] })}${sse('state', { task: view('completed') }, '3-0~1')}`,
          false,
        ),
      );
      const events = await read((await handle()).events());
      expect(brief(events)).toEqual([
        ...['snapshot:waiting', 'state:active', 'progress', 'log:0', 'state:completed'],
      ]);
      expect(server.arrived.map(({ headers }) => headers['last-event-id'])).toEqual([
        undefined,
        '2-0~0',
        '2-0~0',
      ]);
    });

    it('reads the log of a task that had finished, and each line once', async () => {
      server.answer(
        stream(`retry: 1\n\n${sse('log', { lines: [{ n: 0 }, { n: 1 }] }, 'a')}`),
        stream(
          `${sse('snapshot', { task: view('failed') })}${sse('log', { lines: [{ n: 0 }, { n: 1 }, { n: 2 }] }, 'b')}`,
          false,
        ),
      );
      expect(brief(await read((await handle()).events()))).toEqual(['log:0,1', 'snapshot:failed', 'log:2']);
    });

    it('ends with a removal, with `end`, and with 204', async () => {
      server.answer(stream(sse('removed', {}, 'a'), false));
      expect(brief(await read((await handle()).events()))).toEqual(['removed']);
      server.answer(
        stream(`${sse('snapshot', { task: view('completed') })}${sse('end', {}, 'over')}`, false),
      );
      expect(brief(await read((await handle()).events()))).toEqual(['snapshot:completed']);
      server.answer((res) => void res.writeHead(204).end());
      expect(await read((await handle()).events())).toEqual([]);
    });

    it('reads what is cut anywhere', async () => {
      const bytes = Buffer.from(sse('snapshot', { task: view('completed', { result: 'ü€' }) }, 'a'));
      server.answer((res) => {
        res.writeHead(200, { 'content-type': 'text/event-stream' });
        for (const byte of bytes) res.write(Buffer.from([byte]));
      });
      expect(await read((await handle()).events())).toMatchObject([{ task: { result: 'ü€' } }]);
    });

    it('ends with the signal, and closes the connection where the reader stops', async () => {
      const controller = new AbortController();
      server.answer(stream(sse('snapshot', { task: view('active') }, 'a'), false));
      const reason = new Error('enough');
      const task = await handle();
      const aborted = errorOf(
        (async () => {
          for await (const _ of task.events({ signal: controller.signal })) controller.abort(reason);
        })(),
      );
      expect(await aborted).toBe(reason);
      const closed = new Promise((resolve) =>
        server.answer((res, arrived) => {
          res.on('close', () => resolve(true));
          stream(sse('snapshot', { task: view('active') }, 'a'), false)(res, arrived);
        }),
      );
      for await (const _ of task.events()) break;
      expect(await closed).toBe(true);
    });

    it('throws a refusal, and where the server is away too long', async () => {
      server.answer(problem(404, 'TASK_NOT_FOUND'));
      expect(await errorOf(read((await handle()).events()))).toMatchObject({ code: 'TASK_NOT_FOUND' });
      server.answer(lost);
      const thrown = await errorOf(read((await handle({ retryForMs: 0 })).events()));
      expect(thrown).toBeInstanceOf(RoostClientError);
      expect(thrown).toMatchObject({ code: 'UNREACHABLE' });
    });
  });
});
