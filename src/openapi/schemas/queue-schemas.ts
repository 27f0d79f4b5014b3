import { TASK_STATES } from '../../model/states.js';
import { count, list, object, orNull, ref, text, time, type Schemas } from '../schema.js';

/** Schemas of waiting reasons (src/tasks). */
export const QUEUE_SCHEMAS: Schemas = {
  Blocker: object(
    {
      code: {
        type: 'string',
        enum: [
          ...[
            'QUEUE_PAUSED',
            'DELAYED',
            'RETRY_WAIT',
            'TYPE_RATE_LIMITED',
            'TYPE_CONCURRENCY_FULL',
            'NO_WORKER',
            'REDIS_TROUBLE',
            'WORKERS_UNKNOWN',
          ],
          ...['WORKERS_PAUSED', 'RATE_LIMITED', 'CONCURRENCY_FULL', 'BEHIND'],
          ...['CHILDREN', 'CHILD_FAILED', 'NOT_QUEUED'],
        ],
      },
      message: text('Description of the reason.'),
      since: time('Start time.'),
      until: time('End time.'),
      cure: text('What to do about it.'),
      href: text('Page on which to do it.'),
      tasks: list(
        object(
          {
            id: text('Id of the task.'),
            type: text('Task type.'),
            worker: text('Worker that runs it.'),
            runMs: count('Run time so far, ms.'),
            href: text('URL of the page.'),
          },
          ['worker', 'runMs'],
        ),
        { description: 'Blocking tasks, the longest-running first.' },
      ),
    },
    ['since', 'until', 'cure', 'href', 'tasks'],
  ),
  WhyView: object({
    id: text('Id of the task.'),
    state: { type: 'string', enum: [...TASK_STATES] },
    summary: text('One sentence: the first reason, or the state of a task that is not waiting.'),
    position: orNull(
      object({
        ahead: count('Number of tasks ahead in its queue.'),
        atLeast: { type: 'boolean', description: 'True where `ahead` is a lower bound.' },
      }),
    ),
    blockers: list(ref('Blocker'), {
      description: 'Reasons, the most decisive first; empty where none was found.',
    }),
    unknown: list(text('The unknown fact, and why it is not known.'), {
      description: 'Facts that could not be determined, for tasks of other programs.',
    }),
    estimate: orNull(
      object(
        {
          startInMs: {
            type: ['integer', 'null'],
            minimum: 0,
            description: 'Time until the start, ms; null where no estimate is possible.',
          },
          startAt: { type: ['string', 'null'], format: 'date-time' },
          basis: text('Basis of the estimate, or the reason why there is none.'),
        },
        [],
        { description: 'Estimated start.' },
      ),
    ),
  }),
};
