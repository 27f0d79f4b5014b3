import { parameter } from '../components.js';
import { reads } from '../operation.js';
import { ref } from '../schema.js';

/** The reasons why a task is not running. */
export const QUEUE_PATHS: Record<string, object> = {
  '/api/v1/tasks/{id}/why': {
    get: reads({
      id: 'whyNotRunning',
      tag: 'Tasks',
      summary: "Why isn't it running?",
      description:
        'Returns the reasons why a task waits, its position in the queue, and its estimated start. For a task of another program, selected with `queue`, the reasons are derived from the keys of BullMQ and the clients of Redis.',
      parameters: [parameter('TaskId'), parameter('OfQueue')],
      answers: {
        200: {
          description: 'The reasons; for a task that is not waiting, its current state.',
          schema: ref('WhyView'),
        },
      },
      errors: [
        'NOT_FOUND',
        'QUERY_INVALID',
        'TASK_NOT_FOUND',
        'TASK_GONE',
        'REDIS_UNAVAILABLE',
        'HISTORY_UNAVAILABLE',
      ],
    }),
  },
};
