import type { ErrorCode } from '../../contract/errors.js';
import { parameter } from '../components.js';
import { reads, writes } from '../operation.js';
import { ref } from '../schema.js';

const name = parameter('QueueName');

/** Queues, workers, Redis and health. */
export const MONITORING_PATHS: Record<string, object> = {
  '/api/v1/monitor': {
    get: reads({
      id: 'getOverview',
      tag: 'Monitoring',
      summary: 'All of the dashboard at once',
      answers: { 200: { description: 'Queues, the last hour, workers, Redis, warnings.', schema: ref('MonitorOverview') } },
      errors: ['REDIS_UNAVAILABLE'],
    }),
  },
  '/api/v1/queues': {
    get: reads({
      id: 'listQueues',
      tag: 'Monitoring',
      summary: 'All queues',
      answers: { 200: { description: 'Counts per state and what waits longest.', schema: ref('QueueList') } },
      errors: ['REDIS_UNAVAILABLE'],
    }),
  },
  '/api/v1/queues/{name}': {
    get: reads({
      id: 'getQueue',
      tag: 'Monitoring',
      summary: 'One queue',
      parameters: [name],
      answers: { 200: { description: 'The queue.', schema: ref('QueueOverview') } },
      errors: ['NOT_FOUND', 'QUEUE_NOT_FOUND', 'REDIS_UNAVAILABLE'],
    }),
  },
  '/api/v1/queues/{name}/pause': { post: turn('pauseQueue', 'Pause a queue', 'Workers finish what they run and take nothing new from it.', ['STORAGE_FULL']) },
  '/api/v1/queues/{name}/resume': { post: turn('resumeQueue', 'Resume a paused queue', 'Workers go on where they were.') },
  '/api/v1/workers': {
    get: reads({
      id: 'listWorkers',
      tag: 'Monitoring',
      summary: 'All workers seen within the last hour',
      answers: { 200: { description: 'Those online first, then by name.', schema: ref('WorkerList') } },
      errors: ['REDIS_UNAVAILABLE'],
    }),
  },
  '/api/v1/workers/{id}': {
    get: reads({
      id: 'getWorker',
      tag: 'Monitoring',
      summary: 'One worker',
      parameters: [parameter('WorkerId')],
      answers: { 200: { description: 'The worker.', schema: ref('WorkerView') } },
      errors: ['NOT_FOUND', 'WORKER_NOT_FOUND', 'REDIS_UNAVAILABLE'],
    }),
  },
  '/health/live': {
    get: reads({
      id: 'isLive',
      tag: 'Health',
      summary: 'Whether the process answers',
      answers: { 200: { description: 'It does.', schema: ref('Live') } },
    }),
  },
  '/health/ready': {
    get: reads({
      id: 'isReady',
      tag: 'Health',
      summary: 'Whether tasks get through',
      description: 'Redis answers, events flow, and a worker is there.',
      answers: {
        200: { description: 'All of it.', schema: ref('Ready') },
        503: { description: 'Not all of it; `checks` says what is missing.', schema: ref('Ready') },
      },
    }),
  },
};

function turn(id: string, summary: string, description: string, errors: ErrorCode[] = []): object {
  return writes({
    id,
    tag: 'Monitoring',
    summary,
    description,
    parameters: [name],
    answers: { 200: { description: 'The queue as it is now.', schema: ref('QueueOverview') } },
    errors: [
      ...(['NOT_FOUND', 'BODY_MALFORMED', 'BODY_TOO_LARGE', 'CONTENT_TYPE_UNSUPPORTED'] as const),
      ...(['QUEUE_NOT_FOUND', 'REDIS_UNAVAILABLE'] as const),
      ...errors,
    ],
  });
}
