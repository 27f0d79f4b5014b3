import type { ErrorCode } from '../../contract/errors.js';
import { parameter } from '../components.js';
import { reads, writes } from '../operation.js';
import { ref } from '../schema.js';

const id = parameter('WorkerId');
const command = parameter('Command');
const MISSING: readonly ErrorCode[] = ['NOT_FOUND', 'WORKER_NOT_FOUND', 'REDIS_UNAVAILABLE'];
const UNREADABLE: readonly ErrorCode[] = ['BODY_MALFORMED', 'BODY_TOO_LARGE', 'CONTENT_TYPE_UNSUPPORTED'];

const COMMANDS = [
  '| command | takes | does |',
  '| --- | --- | --- |',
  '| `ping` | | answers |',
  '| `concurrency` | `queue`, `concurrency` | runs so many tasks of the queue at once, from now on |',
  '| `autoscale` | `queue`, `min` and `max`, or `off` | lets the worker choose between the two |',
  '| `pause`, `resume` | `reason?` | takes nothing new; goes on |',
  '| `add-consumer`, `cancel-consumer` | `queue`, `concurrency?` | begins or ends to serve a queue |',
  '| `drain` | | takes nothing new and ends when it is done |',
  '| `stop` | `now?` | ends; with `now` at once, and what runs is run again elsewhere |',
  '| `restart-children` | | new processes for isolated task types |',
].join('\n');

/** Workers: who is there, and telling them what to do. */
export const WORKER_PATHS: Record<string, object> = {
  '/api/v1/workers': {
    get: reads({
      id: 'listWorkers',
      tag: 'Workers',
      summary: 'All workers seen within the last hour',
      answers: { 200: { description: 'Those online first, then by name.', schema: ref('WorkerList') } },
      errors: ['REDIS_UNAVAILABLE'],
    }),
  },
  '/api/v1/workers/{id}': {
    get: reads({
      id: 'getWorker',
      tag: 'Workers',
      summary: 'One worker with everything it tells',
      parameters: [id],
      answers: { 200: { description: 'The worker.', schema: ref('WorkerDetail') } },
      errors: MISSING,
    }),
    delete: writes({
      id: 'dismissWorker',
      tag: 'Workers',
      summary: 'Take a worker that is gone off the list',
      parameters: [id],
      answers: { 204: { description: 'It is off the list.' } },
      errors: [...MISSING, ...UNREADABLE, 'COMMAND_REFUSED'],
    }),
  },
  '/api/v1/workers/{id}/samples': {
    get: reads({
      id: 'listLoadSamples',
      tag: 'Workers',
      summary: 'Its load over the last two minutes',
      parameters: [id],
      answers: { 200: { description: 'One point a second.', schema: ref('LoadSampleList') } },
      errors: MISSING,
    }),
  },
  '/api/v1/workers/{id}/{command}': {
    post: writes({
      id: 'commandWorker',
      tag: 'Workers',
      summary: 'Tell a worker what to do',
      description: `The answer is the worker's own.\n\n${COMMANDS}`,
      parameters: [id, command],
      body: {
        required: false,
        content: {
          'application/json': {
            schema: ref('CommandArgs'),
            examples: {
              nothing: { summary: 'ping, resume, drain', value: {} },
              concurrency: { summary: 'concurrency', value: { queue: 'default', concurrency: 20 } },
              pause: { summary: 'pause', value: { reason: 'maintenance' } },
            },
          },
        },
      },
      answers: { 200: { description: 'Done.', schema: ref('CommandAnswer') } },
      errors: [
        ...MISSING,
        ...UNREADABLE,
        ...(['COMMAND_REFUSED', 'REQUEST_INVALID', 'STORAGE_FULL', 'WORKER_NO_ANSWER'] as const),
      ],
    }),
  },
  '/api/v1/workers/commands/{command}': {
    post: writes({
      id: 'commandWorkers',
      tag: 'Workers',
      summary: 'Tell several workers, or all of them',
      description: 'Each one answers for itself.',
      parameters: [command],
      body: {
        required: true,
        content: {
          'application/json': {
            schema: ref('FleetCommandArgs'),
            examples: {
              all: { summary: 'ping, resume, drain', value: { ids: 'all' } },
              pause: { summary: 'pause', value: { ids: 'all', reason: 'maintenance' } },
            },
          },
        },
      },
      answers: { 200: { description: 'What each one said.', schema: ref('FleetAnswerList') } },
      errors: ['NOT_FOUND', ...UNREADABLE, 'REQUEST_INVALID', 'REDIS_UNAVAILABLE'],
    }),
  },
};
