/** State of any program's job according to BullMQ's own keys: why it does not run, and which commands are safe. Times are ms. */
export interface JobStanding {
  /** List or set of its queue that contains it; undefined if none does. */
  place: string | undefined;
  /** Jobs ahead of it while it waits; undefined beyond the counted range. */
  ahead: number | undefined;
  queue: {
    isPaused: boolean;
    /** Jobs that may run at once, all workers together. */
    concurrency: number | undefined;
    rateLimit: { max: number; perMs: number } | undefined;
    /** Starts counted in the current window of the rate limit, and the rest of the window. A worker may have its own limit. */
    limiter: { starts: number; remainingMs: number } | undefined;
    active: number;
    /** True if a job added or moved to this queue could be lost: BullMQ before 6 replaces the waiting list when it resumes. */
    losesWhatWaits: boolean;
  };
  /** Key of the parent in a flow. */
  parent: string | undefined;
  /** True if the parent cannot start until this job has completed or its program has removed it. */
  parentWaits: boolean;
  /** Schedule that added it, and that adds the next job as soon as this one starts. */
  schedule: string | undefined;
  /** Reason from a child that failed permanently: the job fails as soon as a worker fetches it. */
  willFail: string | undefined;
  isLocked: boolean;
  children: { pending: number; done: number; ignored: number; fatal: number; failed: number; gone: number };
  /** Some of the children that it waits for. */
  named: NamedChild[];
}

export interface NamedChild {
  kind: 'failed' | 'gone' | 'pending' | 'unknown';
  /** `prefix:queue:id` */
  key: string;
  name: string;
  reason: string;
}

/** Answer of READ_STANDING. */
export type StandingAnswer = [
  ...[place: string, ahead: number, paused: string, concurrency: string, max: string, duration: string],
  ...[version: string, starts: string, rest: number, active: number, parent: string, schedule: string],
  ...[willFail: string, parentWaits: number, locked: number, pending: number, done: number],
  ...[ignored: number, fatal: number, failed: number, gone: number, named: string[]],
];

/** Decodes an answer of READ_STANDING. */
export function decodeStanding(answer: StandingAnswer): JobStanding {
  const [place, ahead, paused, concurrency, max, duration, version, starts, remainingMs, active, ...rest] =
    answer;
  const [
    parent,
    schedule,
    willFail,
    parentWaits,
    locked,
    pending,
    done,
    ignored,
    fatal,
    failed,
    gone,
    named,
  ] = rest;
  return {
    place: place || undefined,
    ahead: ahead < 0 ? undefined : ahead,
    queue: {
      isPaused: paused !== '',
      concurrency: concurrency === '' ? undefined : Number(concurrency),
      rateLimit: max === '' ? undefined : { max: Number(max), perMs: Number(duration) || 0 },
      limiter: starts === '' || remainingMs <= 0 ? undefined : { starts: Number(starts), remainingMs },
      active,
      losesWhatWaits: paused !== '' && !(Number(/(\d{1,4})\./.exec(version)?.[1]) >= 6),
    },
    parent: parent || undefined,
    parentWaits: parentWaits === 1,
    schedule: schedule || undefined,
    willFail: willFail || undefined,
    isLocked: locked === 1,
    children: { pending, done, ignored, fatal, failed, gone },
    named: Array.from({ length: named.length / 4 }, (_, i) => {
      const [kind, key, name, reason] = named.slice(4 * i, 4 * i + 4) as [
        NamedChild['kind'],
        string,
        string,
        string,
      ];
      return { kind, key, name, reason };
    }),
  };
}
