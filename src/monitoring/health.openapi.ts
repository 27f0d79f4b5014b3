import { constant, flag, named, object, oneOf, optional, text, time, type Static } from '../model/schema.js';
import { operations } from '../openapi/operation.js';

/** State of Redis in its check and on the dashboard. */
export const REDIS_STATE = {
  role: oneOf(['primary', 'replica', 'unknown'], 'Role reported by Redis.'),
  writes: oneOf(['accepted', 'refused', 'unknown'], 'Result of the latest test write.'),
};

const CHECK = { ok: flag(), detail: optional(text('Reason of the failure.')) };
const Check = object(CHECK);
export type Check = Static<typeof Check>;

const Live = named('Live', object({ status: constant('ok') }));
export type Live = Static<typeof Live>;

const Ready = named(
  'Ready',
  object({
    status: oneOf(['ok', 'unavailable']),
    checks: object({ redis: object({ ...CHECK, ...REDIS_STATE }), events: Check, workers: Check }),
    history: object({
      recordedBy: oneOf(
        ['this web app', 'another process', 'unknown'],
        'Which process records into the history of this web app. Tasks run without it.',
      ),
      checkedAt: optional(time('When this web app last read that from Redis; absent before the first time.')),
      detail: optional(text('Reason why it does not record.')),
    }),
  }),
);
export type Ready = Static<typeof Ready>;

export const HEALTH_API = operations('Health', {
  'GET /health/live': {
    id: 'isLive',
    summary: 'Check whether the process answers',
    answers: { 200: ['The process answers.', Live] },
  },
  'GET /health/ready': {
    id: 'isReady',
    summary: 'Check whether tasks can run',
    description:
      'Succeeds while Redis answers and accepts writes, events flow, and a worker is online. Reads the role of Redis and writes a test key, at most once a second. `history` reports the recorder; it does not affect the status.',
    answers: {
      200: ['All of it.', Ready],
      503: ['Not ready; `checks` lists the failed checks.', Ready],
    },
  },
});
