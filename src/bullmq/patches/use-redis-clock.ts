import type { SharedClock } from '../../platform/clock.js';

/** Used part of BullMQ's Redis backend. */
export interface ClockedBackend {
  /** Runs a script; `args` contains the keys and the arguments. */
  execCommand(client: unknown, script: string, args: unknown[]): unknown;
  /** Sleeps until woken; `score` is 0, or the time of the next delayed job. */
  waitForJob(timeout: number): Promise<{ member: string; score: number } | null>;
}

/** Index of the current time in `args` of each worker script. The keys come first; the script's file name ends with their number. */
const NOW_ARGUMENT_INDEX: Readonly<Record<string, number>> = {
  moveToActive: 12,
  moveToFinished: 15,
  moveToDelayed: 12,
  retryJob: 12,
  moveStalledJobsToWait: 11,
};

/**
 * Makes BullMQ's worker scripts use Redis's clock. BullMQ uses the clock of the calling worker: a worker that is an hour
 * ahead would run delayed jobs an hour early. Due times in the answers are converted to the worker's own clock.
 */
export function useRedisClock(backend: ClockedBackend, clock: SharedClock): void {
  // The last element of an answer with the next job: the time when the next delayed job is due, or 0.
  const withOwnTime = (answer: unknown): unknown => {
    if (!Array.isArray(answer) || answer.length !== 4 || !(Number(answer[3]) > 0)) return answer;
    return [...(answer as unknown[]).slice(0, 3), clock.toOwn(Number(answer[3]))];
  };
  const run = backend.execCommand.bind(backend);
  backend.execCommand = (client, script, args) => {
    const at = NOW_ARGUMENT_INDEX[script];
    if (at === undefined) return run(client, script, args);
    const timed = [...args];
    timed[at] = clock.now();
    return Promise.resolve(run(client, script, timed)).then(withOwnTime);
  };
  const wait = backend.waitForJob.bind(backend);
  backend.waitForJob = async (timeout) => {
    const sign = await wait(timeout);
    return sign && sign.score > 0 ? { ...sign, score: clock.toOwn(sign.score) } : sign;
  };
}
