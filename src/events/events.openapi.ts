import * as s from '../model/schema.js';
import { LogLine, StateCounts, TaskProgress, TaskState, TaskView } from '../model/task-view.js';
import { parameter } from '../openapi/components.js';
import { operations } from '../openapi/operation.js';

const TaskChange = s.named(
  'TaskChange',
  s.object(
    {
      id: s.text('Id of the task.'),
      queue: s.text('Queue of the task.'),
      event: s.oneOf(
        [
          ...(['added', 'waiting', 'delayed', 'waiting-children', 'active', 'progress', 'log'] as const),
          ...(['stalled', 'completed', 'failed', 'cancelled', 'expired', 'removed'] as const),
        ],
        'stalled: the worker was lost; the task will run again.',
      ),
      state: s.optional(TaskState),
      at: s.time('Time by the clock of Redis.'),
    },
    { description: 'An event of a task. `state` is set where the event changed it.' },
  ),
);

const TaskSnapshot = s.named('TaskSnapshot', s.object({ task: TaskView }));
const Bye = s.named('Bye', s.object({}, { description: 'The server is stopping; connect again.' }));

/** Schema of the `data:` of each event (`event:`), which is JSON on one line. */
const ALL_EVENTS = {
  snapshot: s.named('CountsSnapshot', s.object({ counts: StateCounts, at: s.time('Time of the count.') })),
  change: TaskChange,
  bye: Bye,
};
const TASK_EVENTS = {
  snapshot: TaskSnapshot,
  progress: s.named('ProgressChange', s.object({ progress: s.orNull(TaskProgress) })),
  log: s.named('LogChange', s.object({ lines: s.list(LogLine, undefined, { minItems: 1 }) })),
  state: TaskSnapshot,
  removed: s.named('Removed', s.object({}, { description: 'The task has been deleted.' })),
  end: s.named(
    'End',
    s.object(
      {},
      { description: 'No more events follow: only the history has the task, and it has finished.' },
    ),
  ),
  bye: Bye,
};

const resume = [parameter('LastEventId'), parameter('LastEventIdQuery')];

/** Live events. OpenAPI cannot describe event streams: `x-events` names the schema of each event's data. */
export const EVENTS_API = operations('Events', {
  'GET /api/v1/events': {
    id: 'watchAllTasks',
    summary: 'Stream events of all tasks',
    description: `${intro('counts of all states')}\n\n${table(ALL_EVENTS)}`,
    parameters: resume,
    answers: {
      200: stream(
        'id: 1790000000000-0.0-0\nevent: change\ndata: {"id":"t1m839j6r8k9f0ck3v5es01e2z","queue":"default","event":"completed","state":"completed","at":"2026-09-21T13:46:40.000Z"}\n\n',
      ),
    },
    errors: ['REDIS_UNAVAILABLE'],
    more: { 'x-events': ALL_EVENTS },
  },
  'GET /api/v1/tasks/{id}/events': {
    id: 'watchTask',
    summary: 'Stream events of one task',
    description: `${intro('the whole task')} The last progress and log lines are sent before the end of the task. A task that only the history has gets a snapshot and an \`end\`; a reconnect after that is answered 204.\n\n${table(TASK_EVENTS)}`,
    parameters: [parameter('TaskId'), parameter('OfQueue'), ...resume],
    answers: {
      200: stream(
        'id: 1790000000000-0~0\nevent: progress\ndata: {"progress":{"percent":40,"done":2,"total":5,"message":"Digit 2 of 5"}}\n\n',
      ),
      204: 'The stream has ended: all events have been sent.',
    },
    errors: ['NOT_FOUND', 'TASK_NOT_FOUND', 'TASK_GONE', 'REDIS_UNAVAILABLE', 'HISTORY_UNAVAILABLE'],
    more: { 'x-events': TASK_EVENTS },
  },
});

function intro(what: string): string {
  return (
    `Server-sent events: first a snapshot (${what}), then changes. The last event of each batch has an id; a client ` +
    'that reconnects with `Last-Event-ID` gets the missed events exactly once, or a new snapshot after a long interruption. ' +
    'Lines that begin with a colon are heartbeats.'
  );
}

function table(events: Record<string, s.TSchema>): string {
  const rows = Object.entries(events).map(([event, { $id }]) => `| \`${event}\` | \`${$id}\` |`);
  return ['| event | data |', '| --- | --- |', ...rows].join('\n');
}

function stream(example: string) {
  const more = { contentTypes: ['text/event-stream'], examples: { event: { value: example } } };
  return ['An event stream that stays open.', s.string(), more] as const;
}
