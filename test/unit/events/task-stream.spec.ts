import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { TaskView } from '../../../src/model/task-view.js';
import type { SseConnection } from '../../../src/events/sse-connection.js';
import { decodeEvent, type TaskEvent } from '../../../src/bullmq/codec/task-event.js';
import { TaskStream } from '../../../src/events/task-stream.js';
import { NO_SCRUB } from '../../../src/platform/redaction/scrub.js';

describe('TaskStream', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it('sends the last progress before the end even if its event arrives later', async () => {
    const { watch, task, told } = await watched();
    task.state = 'completed';
    task.progress = progress(20);
    watch.receive([event('completed')]);
    await jest.advanceTimersByTimeAsync(10);
    watch.receive([event('progress', progress(19)), event('progress', progress(20))]);
    await jest.advanceTimersByTimeAsync(100);
    expect(told()).toEqual(['snapshot', 'progress 20', 'state completed']);
  });

  it('sends progress of a task that runs again', async () => {
    const { watch, task, told } = await watched();
    Object.assign(task, { state: 'failed', progress: progress(3) });
    watch.receive([event('failed')]);
    await jest.advanceTimersByTimeAsync(100);
    Object.assign(task, { state: 'active', progress: null });
    watch.receive([event('active')]);
    await jest.advanceTimersByTimeAsync(100);
    watch.receive([event('progress', progress(1))]);
    await jest.advanceTimersByTimeAsync(100);
    expect(told()).toEqual(['snapshot', 'progress 3', 'state failed', 'state active', 'progress 1']);
  });

  it('sends events that arrived during a load immediately afterwards', async () => {
    const { watch, task, told, reading } = await watched();
    task.state = 'active';
    const read = reading();
    watch.receive([event('active')]);
    await jest.advanceTimersByTimeAsync(1);
    read.goesOn();
    task.state = 'completed';
    watch.receive([event('completed')]);
    await jest.advanceTimersByTimeAsync(60);
    expect(told()).toEqual(['snapshot', 'state active', 'state completed']);
  });

  it('retries after Redis did not answer', async () => {
    const { watch, task, told, breaks } = await watched();
    task.state = 'completed';
    breaks(1);
    watch.receive([event('completed')]);
    await jest.advanceTimersByTimeAsync(100);
    expect(told()).toEqual(['snapshot']);
    await jest.advanceTimersByTimeAsync(500);
    expect(told()).toEqual(['snapshot', 'state completed']);
  });
});

const progress = (done: number) => ({ done, total: 20, percent: done * 5 });

let place = 0;

function event(name: string, data?: object): TaskEvent {
  const fields = ['event', name, 'jobId', '1', ...(data ? ['data', JSON.stringify(data)] : [])];
  return decodeEvent(`1-${++place}`, fields);
}

/** Stream that has sent its snapshot, of a task that the test can change. */
async function watched() {
  const task = { state: 'waiting', progress: null, attempts: { made: 0, max: 1 } } as unknown as TaskView;
  const sent: string[] = [];
  let held: Promise<void> | undefined;
  let failures = 0;
  const view = async () => {
    const now = { ...task };
    await held;
    if (failures > 0) {
      failures--;
      throw new Error('away');
    }
    return now;
  };
  const connection = { open: true, write: (message: Buffer) => sent.push(String(message)) };
  const watch = new TaskStream(
    connection as unknown as SseConnection,
    {
      view,
      logs: () => Promise.resolve([]),
      scrub: () => NO_SCRUB,
      history: { view: () => Promise.resolve(undefined), logs: () => Promise.resolve([]) },
    },
    '0-0',
  );
  await watch.start();
  return {
    watch,
    task,
    told: () => sent.map(inShort),
    reading: () => {
      let goesOn = () => {};
      held = new Promise((resolve) => (goesOn = resolve));
      return {
        goesOn: () => {
          held = undefined;
          goesOn();
        },
      };
    },
    breaks: (times: number) => (failures = times),
  };
}

function inShort(message: string): string {
  const name = /^event: (\w+)$/m.exec(message)![1]!;
  const data = JSON.parse(/^data: (.*)$/m.exec(message)![1]!) as {
    task?: TaskView;
    progress?: { done: number };
  };
  if (name === 'progress') return `progress ${data.progress!.done}`;
  return name === 'state' ? `state ${data.task!.state}` : name;
}
