import { parameter } from '../components.js';
import { reads } from '../operation.js';
import { ALL_EVENTS, TASK_EVENTS } from '../schemas/event-schemas.js';
import { ref } from '../schema.js';

const resume = [parameter('LastEventId'), parameter('LastEventIdQuery')];

/** Live events. OpenAPI cannot describe event streams: `x-events` names the schema of each event's data. */
export const EVENT_PATHS: Record<string, object> = {
  '/api/v1/events': {
    get: reads({
      id: 'watchAllTasks',
      tag: 'Events',
      summary: 'Stream events of all tasks',
      description: `${intro('counts of all states')}\n\n${table(ALL_EVENTS)}`,
      parameters: resume,
      answers: {
        200: stream(
          'id: 1790000000000-0.0-0\nevent: change\ndata: {"id":"t1m839j6r8k9f0ck3v5es01e2z","queue":"default","event":"completed","state":"completed","at":"2026-09-21T13:46:40.000Z"}\n\n',
        ),
      },
      errors: ['REDIS_UNAVAILABLE'],
      more: { 'x-events': schemasOf(ALL_EVENTS) },
    }),
  },
  '/api/v1/tasks/{id}/events': {
    get: reads({
      id: 'watchTask',
      tag: 'Events',
      summary: 'Stream events of one task',
      description: `${intro('the whole task')} The last progress and log lines are sent before the end of the task. A task that only the history has gets a snapshot and an \`end\`; a reconnect after that is answered 204.\n\n${table(TASK_EVENTS)}`,
      parameters: [parameter('TaskId'), parameter('OfQueue'), ...resume],
      answers: {
        200: stream(
          'id: 1790000000000-0~0\nevent: progress\ndata: {"progress":{"percent":40,"done":2,"total":5,"message":"Digit 2 of 5"}}\n\n',
        ),
        204: { description: 'The stream has ended: all events have been sent.' },
      },
      errors: ['NOT_FOUND', 'TASK_NOT_FOUND', 'TASK_GONE', 'REDIS_UNAVAILABLE', 'HISTORY_UNAVAILABLE'],
      more: { 'x-events': schemasOf(TASK_EVENTS) },
    }),
  },
};

function intro(what: string): string {
  return (
    `Server-sent events: first a snapshot (${what}), then changes. The last event of each batch has an id; a client ` +
    'that reconnects with `Last-Event-ID` gets the missed events exactly once, or a new snapshot after a long interruption. ' +
    'Lines that begin with a colon are heartbeats.'
  );
}

function table(events: Record<string, string>): string {
  const rows = Object.entries(events).map(([event, schema]) => `| \`${event}\` | \`${schema}\` |`);
  return ['| event | data |', '| --- | --- |', ...rows].join('\n');
}

function schemasOf(events: Record<string, string>): object {
  return Object.fromEntries(Object.entries(events).map(([event, schema]) => [event, ref(schema)]));
}

function stream(example: string) {
  return {
    description: 'An event stream that stays open.',
    contentTypes: ['text/event-stream'],
    schema: { type: 'string' },
    examples: { event: { value: example } },
  };
}
