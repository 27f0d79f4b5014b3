import { list, object, ref, text, time, type Schemas } from '../schema.js';

/** The names under `event:` and what stands under `data:` with each, as JSON on one line. */
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
  CountsSnapshot: object({ counts: ref('StateCounts'), at: time('When they were counted.') }),
  TaskChange: object(
    {
      id: text('Of the task.'),
      queue: text('Its queue.'),
      event: {
        type: 'string',
        enum: [
          ...['added', 'waiting', 'delayed', 'active', 'progress', 'log', 'stalled'],
          ...['completed', 'failed', 'cancelled', 'expired', 'removed'],
        ],
        description: 'stalled: its worker went away; the task is run again.',
      },
      state: ref('TaskState'),
      at: time('By the clock of Redis.'),
    },
    ['state'],
    { description: 'Something happened to a task. `state` is there where that changed it.' },
  ),
  TaskSnapshot: object({ task: ref('TaskView') }),
  ProgressChange: object({ progress: { anyOf: [ref('TaskProgress'), { type: 'null' }] } }),
  LogChange: object({ lines: list(ref('LogLine'), { minItems: 1 }) }),
  Removed: object({}, [], { description: 'The task has been deleted.' }),
  End: object({}, [], {
    description: 'Nothing more can come: only the history has the task, and it is settled.',
  }),
  Bye: object({}, [], { description: 'The server is stopping; connect again.' }),
};
