import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { TaskView } from '../../../src/contract/task-view.js';
import type { SseConnection } from '../../../src/events/sse-connection.js';
import { toTaskEvent, type TaskEvent } from '../../../src/events/task-event.js';
import { TaskWatch } from '../../../src/events/task-watch.js';
import { scrubOf } from '../../../src/contract/scrub.js';

describe('TaskWatch', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it('tells the last report before the end, though it hears of it later', async () => {
    const { watch, task, told } = await watched();
    task.state = 'completed';
    task.progress = progress(20);
    watch.hear([event('completed')]);
    await jest.advanceTimersByTimeAsync(10);
    watch.hear([event('progress', progress(19)), event('progress', progress(20))]);
    await jest.advanceTimersByTimeAsync(100);
    expect(told()).toEqual(['snapshot', 'progress 20', 'state completed']);
  });

  it('goes on with the reports of a task that is run again', async () => {
    const { watch, task, told } = await watched();
    Object.assign(task, { state: 'failed', progress: progress(3) });
    watch.hear([event('failed')]);
    await jest.advanceTimersByTimeAsync(100);
    Object.assign(task, { state: 'active', progress: null });
    watch.hear([event('active')]);
    await jest.advanceTimersByTimeAsync(100);
    watch.hear([event('progress', progress(1))]);
    await jest.advanceTimersByTimeAsync(100);
    expect(told()).toEqual(['snapshot', 'progress 3', 'state failed', 'state active', 'progress 1']);
  });

  it('tells what it heard of while it read, at once', async () => {
    const { watch, task, told, reading } = await watched();
    task.state = 'active';
    const read = reading();
    watch.hear([event('active')]);
    await jest.advanceTimersByTimeAsync(1);
    read.goesOn();
    task.state = 'completed';
    watch.hear([event('completed')]);
    await jest.advanceTimersByTimeAsync(60);
    expect(told()).toEqual(['snapshot', 'state active', 'state completed']);
  });

  it('comes back to it where Redis did not answer', async () => {
    const { watch, task, told, breaks } = await watched();
    task.state = 'completed';
    breaks(1);
    watch.hear([event('completed')]);
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
  return toTaskEvent('default', `1-${++place}`, fields)!;
}

/** A watch that has told its snapshot, of a task that can be changed. */
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
  const watch = new TaskWatch(
    connection as unknown as SseConnection,
    {
      view,
      logs: () => Promise.resolve([]),
      words: () => scrubOf({}),
      kept: { view: () => Promise.resolve(undefined), logs: () => Promise.resolve([]) },
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
