import { count, list, object, ref, text, time, type Schemas } from '../schema.js';

const CHECK = object({ ok: { type: 'boolean' }, detail: text('What is missing.') }, ['detail']);

/** Queues, Redis and health, as monitoring/ has them. */
export const MONITORING_SCHEMAS: Schemas = {
  QueueOverview: object({
    name: text('Its name.', { examples: ['default'] }),
    counts: ref('StateCounts'),
    oldestWaitingMs: {
      type: ['integer', 'null'],
      minimum: 0,
      description: 'How long the task next in turn has been ready to run; null while none waits.',
    },
    paused: { type: 'boolean', description: 'Paused: workers take nothing new from it.' },
    workers: count('Workers online that serve it.'),
  }),
  MinuteCount: object({
    at: time('Start of the minute.'),
    completed: count('Tasks completed within it.'),
    failed: count('Tasks failed for good within it.'),
  }),
  RedisOverview: object({
    version: text('Of the server.'),
    usedMemoryBytes: count('In use.'),
    peakMemoryBytes: count('The most there was.'),
    maxMemoryBytes: count('Its limit; 0 for none.'),
    clients: count('Connections.'),
    uptimeSeconds: count('Since its start.'),
    opsPerSecond: count('Commands in the last second.'),
    aofEnabled: { type: 'boolean', description: 'Whether a crash leaves the tasks on disk.' },
    aofOk: { type: 'boolean', description: 'Whether the last write of the append-only file went well.' },
    evictionPolicy: text('Anything but `noeviction` endangers tasks.'),
  }),
  Warning: object(
    {
      code: text('For programs.', { examples: ['NO_WORKER'] }),
      message: text('What endangers tasks.'),
      cure: text('What to do about it.'),
      href: text('Page with more.'),
    },
    ['href'],
  ),
  MonitorOverview: object({
    at: time('When this was read.'),
    queues: list(ref('QueueOverview')),
    totals: ref('StateCounts'),
    lastHour: object({
      minutes: list(ref('MinuteCount'), {
        minItems: 60,
        maxItems: 60,
        description: 'Oldest first, the running one last.',
      }),
      completed: count('Within the hour.'),
      failed: count('Within the hour.'),
    }),
    workers: list(ref('WorkerView')),
    redis: ref('RedisOverview'),
    warnings: list(ref('Warning')),
    newestFailures: list(ref('TaskView')),
  }),
  Live: object({ status: { const: 'ok' } }),
  Ready: object({
    status: { type: 'string', enum: ['ok', 'unavailable'] },
    checks: object({ redis: CHECK, events: CHECK, workers: CHECK }),
  }),
};
