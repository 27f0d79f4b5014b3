import { reads } from '../operation.js';
import { ref } from '../schema.js';

/** Operations of the dashboard and the health checks. */
export const MONITORING_PATHS: Record<string, object> = {
  '/api/v1/monitor': {
    get: reads({
      id: 'getOverview',
      tag: 'Monitoring',
      summary: 'Get the data of the dashboard',
      answers: {
        200: {
          description: 'Queues, the last hour, workers, Redis, warnings.',
          schema: ref('MonitorOverview'),
        },
      },
      errors: ['REDIS_UNAVAILABLE'],
    }),
  },
  '/api/v1/history': {
    get: reads({
      id: 'getHistory',
      tag: 'Monitoring',
      summary: 'Get the state of the history',
      description:
        'Contains the recorder, its delay, its queues and missed events; size and retention of the store.',
      answers: { 200: { description: 'The state of the history.', schema: ref('HistoryReport') } },
      errors: ['HISTORY_UNAVAILABLE'],
    }),
  },
  '/health/live': {
    get: reads({
      id: 'isLive',
      tag: 'Health',
      summary: 'Check whether the process answers',
      answers: { 200: { description: 'The process answers.', schema: ref('Live') } },
    }),
  },
  '/health/ready': {
    get: reads({
      id: 'isReady',
      tag: 'Health',
      summary: 'Check whether tasks can run',
      description:
        'Succeeds while Redis answers and accepts writes, events flow, and a worker is online. Reads the role of Redis and writes a test key, at most once a second. `history` reports the recorder; it does not affect the status.',
      answers: {
        200: { description: 'All of it.', schema: ref('Ready') },
        503: { description: 'Not all of it; `checks` says what is missing.', schema: ref('Ready') },
      },
    }),
  },
};
