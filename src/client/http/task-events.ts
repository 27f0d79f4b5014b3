import { isFinished } from '../../model/states.js';
import type { LogLine, TaskProgress, TaskView } from '../../model/task-view.js';
import type { TaskChange, TaskEvent } from '../transport.js';
import type { EventDecoder } from './event-follower.js';
import type { ServerSentEvent } from './event-reader.js';

/** Decodes the events of one task, to its end. Omits log lines that came before. */
export class TaskEventDecoder implements EventDecoder<TaskEvent> {
  isOver = false;
  private nextLogLine = 0;

  decode({ event, data }: ServerSentEvent): TaskEvent | 'ended' | undefined {
    const body = JSON.parse(data) as { task: TaskView; progress: TaskProgress | null; lines: LogLine[] };
    switch (event) {
      case 'snapshot':
      case 'state':
        this.isOver = isFinished(body.task.state);
        return { type: event, task: body.task };
      case 'progress':
        return { type: 'progress', progress: body.progress };
      case 'log': {
        const lines = body.lines.filter(({ n }) => n >= this.nextLogLine);
        if (lines.length === 0) return undefined;
        this.nextLogLine = lines.at(-1)!.n + 1;
        return { type: 'log', lines };
      }
      case 'removed':
        this.isOver = true;
        return { type: 'removed' };
      case 'end':
        return 'ended';
      default:
        return undefined;
    }
  }
}

/** Decodes the changes of all tasks, without an end. */
export const TASK_CHANGE_DECODER: EventDecoder<TaskChange> = {
  isOver: false,
  decode: ({ event, data }) => (event === 'change' ? (JSON.parse(data) as TaskChange) : undefined),
};
