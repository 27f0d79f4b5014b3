import { sharedNow, toOwnTime } from '../contract/clock.js';

/** What is needed of BullMQ's way to Redis. */
interface Backend {
  /** Runs one of its scripts: keys and arguments in one list. */
  execCommand(client: unknown, script: string, args: unknown[]): unknown;
  /** Sleeps until woken; `score` is 0, or the time of the next delayed job. */
  waitForJob(timeout: number): Promise<{ member: string; score: number } | null>;
}

/** Where in that list each script of a worker is told the time: the keys come first, as many as its file name says. */
const NOW_AT: Readonly<Record<string, number>> = {
  moveToActive: 12,
  moveToFinished: 15,
  moveToDelayed: 12,
  retryJob: 12,
  moveStalledJobsToWait: 11,
};

/**
 * BullMQ goes by the clock of the worker that happens to ask: one that is an hour ahead runs delayed jobs an hour early.
 * Here its scripts are told the time that all share, and what they say is due next is turned back into the worker's own.
 */
export function goByRedisTime(backend: Backend): void {
  const run = backend.execCommand.bind(backend);
  backend.execCommand = (client, script, args) => {
    const at = NOW_AT[script];
    if (at === undefined) return run(client, script, args);
    const timed = [...args];
    timed[at] = sharedNow();
    return Promise.resolve(run(client, script, timed)).then(withOwnTime);
  };
  const wait = backend.waitForJob.bind(backend);
  backend.waitForJob = async (timeout) => {
    const sign = await wait(timeout);
    return sign && sign.score > 0 ? { ...sign, score: toOwnTime(sign.score) } : sign;
  };
}

/** Answers that bring the next job end with the time the next delayed one is due, or 0. */
function withOwnTime(answer: unknown): unknown {
  if (!Array.isArray(answer) || answer.length !== 4 || !(Number(answer[3]) > 0)) return answer;
  return [...(answer as unknown[]).slice(0, 3), toOwnTime(Number(answer[3]))];
}
