import type { ErrorCode } from '../../model/errors.js';
import { parameter } from '../components.js';
import { reads, writes } from '../operation.js';
import { ref } from '../schema.js';

const id = parameter('WorkerId');
const command = parameter('Command');
const MISSING: readonly ErrorCode[] = ['NOT_FOUND', 'WORKER_NOT_FOUND', 'REDIS_UNAVAILABLE'];
const UNREADABLE: readonly ErrorCode[] = ['BODY_MALFORMED', 'BODY_TOO_LARGE', 'CONTENT_TYPE_UNSUPPORTED'];

const COMMANDS = [
  '| command | arguments | effect |',
  '| --- | --- | --- |',
  '| `ping` | | answers |',
  '| `concurrency` | `queue`, `concurrency` | sets the number of concurrent tasks of the queue |',
  '| `autoscale` | `queue`, `min` and `max`, or `off` | lets the worker choose the concurrency between the two |',
  '| `pause`, `resume` | `reason?` | stops and resumes starting new tasks |',
  '| `add-consumer`, `cancel-consumer` | `queue`, `concurrency?` | starts or stops serving a queue |',
  '| `drain` | | starts no new tasks and exits when the running ones have ended |',
  '| `stop` | `now?` | exits; with `now` at once, and its running tasks run again on another worker |',
  '| `restart-children` | | replaces the processes of isolated task types |',
].join('\n');

/** Operations that list workers and send them commands. */
export const WORKER_PATHS: Record<string, object> = {
  '/api/v1/workers': {
    get: reads({
      id: 'listWorkers',
      tag: 'Workers',
      summary: 'List all workers seen within the last hour',
      answers: {
        200: { description: 'The workers, online ones first, then by name.', schema: ref('WorkerList') },
      },
      errors: ['REDIS_UNAVAILABLE'],
    }),
  },
  '/api/v1/workers/{id}': {
    get: reads({
      id: 'getWorker',
      tag: 'Workers',
      summary: 'Get one worker with all details',
      parameters: [id],
      answers: { 200: { description: 'The worker.', schema: ref('WorkerDetail') } },
      errors: MISSING,
    }),
    delete: writes({
      id: 'dismissWorker',
      tag: 'Workers',
      summary: 'Remove an offline worker from the list',
      parameters: [id],
      answers: { 204: { description: 'The worker was removed.' } },
      errors: [...MISSING, ...UNREADABLE, 'COMMAND_REFUSED'],
    }),
  },
  '/api/v1/workers/{id}/samples': {
    get: reads({
      id: 'listLoadSamples',
      tag: 'Workers',
      summary: 'List the load of a worker over the last two minutes',
      parameters: [id],
      answers: { 200: { description: 'One point a second.', schema: ref('LoadSampleList') } },
      errors: MISSING,
    }),
  },
  '/api/v1/workers/{id}/{command}': {
    post: writes({
      id: 'commandWorker',
      tag: 'Workers',
      summary: 'Send a command to a worker',
      description: `Returns the answer of the worker.\n\n${COMMANDS}`,
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
      summary: 'Send a command to several or all workers',
      description: 'Returns the answer of each worker.',
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
      answers: { 200: { description: 'The answer of each worker.', schema: ref('FleetAnswerList') } },
      errors: ['NOT_FOUND', ...UNREADABLE, 'REQUEST_INVALID', 'REDIS_UNAVAILABLE'],
    }),
  },
};
