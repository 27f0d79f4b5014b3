import { list, object, ref, text, time, type Schemas } from '../schema.js';

/** Names of the events (`event:`), each with the schema of its `data:`, which is JSON on one line. */
export const ALL_EVENTS = { snapshot: 'CountsSnapshot', change: 'TaskChange', bye: 'Bye' } as const;

export const TASK_EVENTS = {
  snapshot: 'TaskSnapshot',
  progress: 'ProgressChange',
  log: 'LogChange',
  state: 'TaskSnapshot',
  removed: 'Removed',
  end: 'End',
  bye: 'Bye',
} as const;

export const EVENT_SCHEMAS: Schemas = {
  CountsSnapshot: object({ counts: ref('StateCounts'), at: time('Time of the count.') }),
  TaskChange: object(
    {
      id: text('Id of the task.'),
      queue: text('Queue of the task.'),
      event: {
        type: 'string',
        enum: [
          ...['added', 'waiting', 'delayed', 'waiting-children', 'active', 'progress', 'log', 'stalled'],
          ...['completed', 'failed', 'cancelled', 'expired', 'removed'],
        ],
        description: 'stalled: the worker was lost; the task will run again.',
      },
      state: ref('TaskState'),
      at: time('Time by the clock of Redis.'),
    },
    ['state'],
    { description: 'An event of a task. `state` is set where the event changed it.' },
  ),
  TaskSnapshot: object({ task: ref('TaskView') }),
  ProgressChange: object({ progress: { anyOf: [ref('TaskProgress'), { type: 'null' }] } }),
  LogChange: object({ lines: list(ref('LogLine'), { minItems: 1 }) }),
  Removed: object({}, [], { description: 'The task has been deleted.' }),
  End: object({}, [], {
    description: 'No more events follow: only the history has the task, and it has finished.',
  }),
  Bye: object({}, [], { description: 'The server is stopping; connect again.' }),
};
