import { reads } from '../operation.js';
import { ref } from '../schema.js';

/** The dashboard and health. */
export const MONITORING_PATHS: Record<string, object> = {
  '/api/v1/monitor': {
    get: reads({
      id: 'getOverview',
      tag: 'Monitoring',
      summary: 'All of the dashboard at once',
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
      summary: 'How the history is doing',
      description:
        'Who records, how far behind, which queues, what was missed; size and retention of the store.',
      answers: { 200: { description: 'Its state.', schema: ref('HistoryReport') } },
      errors: ['HISTORY_UNAVAILABLE'],
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
