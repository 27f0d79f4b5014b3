import * as s from '../model/schema.js';
import { operations } from '../openapi/operation.js';

/** State of Redis in its check and on the dashboard. */
export const REDIS_STATE = {
  role: s.oneOf(['primary', 'replica', 'unknown'], 'Role reported by Redis.'),
  writes: s.oneOf(['accepted', 'refused', 'unknown'], 'Result of the latest test write.'),
};

const CHECK = { ok: s.flag(), detail: s.optional(s.text('Reason of the failure.')) };
const Check = s.object(CHECK);
export type Check = s.Static<typeof Check>;

const Live = s.named('Live', s.object({ status: s.constant('ok') }));
export type Live = s.Static<typeof Live>;

const Ready = s.named(
  'Ready',
  s.object({
    status: s.oneOf(['ok', 'unavailable']),
    checks: s.object({ redis: s.object({ ...CHECK, ...REDIS_STATE }), events: Check, workers: Check }),
    history: s.object({
      recordedBy: s.oneOf(
        ['this web app', 'another process', 'unknown'],
        'Which process records into the history of this web app. Tasks run without it.',
      ),
      checkedAt: s.optional(
        s.time('When this web app last read that from Redis; absent before the first time.'),
      ),
      detail: s.optional(s.text('Reason why it does not record.')),
    }),
  }),
);
export type Ready = s.Static<typeof Ready>;

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
