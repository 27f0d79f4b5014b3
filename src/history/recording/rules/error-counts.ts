import { rootCause } from '../../../model/failure.js';
import type { TaskFailure } from '../../../model/task-view.js';
import { errorFingerprint, foldMessage, rootFrame, type FailureSeen } from '../../error-fingerprint.js';

const HOUR = 3_600_000;
const MAX_SAMPLE = 1000;

/** Failures of one group. */
export interface SeenErrors {
  failure: FailureSeen;
  n: number;
  first: number;
  last: number;
  hours: Map<number, number>;
  workers: Map<number, { n: number; last: number }>;
  versions: Map<string, { n: number; first: number; last: number }>;
  /** Receives the group's number once it has one. */
  listeners: ((group: number) => void)[];
}

/** Counts failures by their fingerprint. */
export class ErrorCounts {
  private readonly seen = new Map<string, SeenErrors>();

  count(
    failure: FailureSeen,
    { at, worker, version }: { at: number; worker: number; version?: string | undefined },
    onGroup: (group: number) => void,
  ): void {
    const fingerprint = errorFingerprint(failure);
    let seen = this.seen.get(fingerprint);
    if (!seen) {
      seen = {
        failure,
        n: 0,
        first: at,
        last: at,
        hours: new Map(),
        workers: new Map(),
        versions: new Map(),
        listeners: [],
      };
      this.seen.set(fingerprint, seen);
    }
    seen.n++;
    seen.first = Math.min(seen.first, at);
    seen.last = Math.max(seen.last, at);
    const hour = Math.floor(at / HOUR) * HOUR;
    seen.hours.set(hour, (seen.hours.get(hour) ?? 0) + 1);
    const known = seen.workers.get(worker) ?? { n: 0, last: at };
    seen.workers.set(worker, { n: known.n + 1, last: Math.max(known.last, at) });
    if (version) {
      const before = seen.versions.get(version) ?? { n: 0, first: at, last: at };
      seen.versions.set(version, {
        n: before.n + 1,
        first: Math.min(before.first, at),
        last: Math.max(before.last, at),
      });
    }
    seen.listeners.push(onGroup);
  }

  /** Returns what was counted, by fingerprint, and clears it. */
  drain(): [fingerprint: string, seen: SeenErrors][] {
    const all = [...this.seen];
    this.seen.clear();
    return all;
  }

  discard(): void {
    this.seen.clear();
  }
}

/** Texts that describe the group of a failure. */
export function describeGroup(failure: FailureSeen) {
  const { name, message } = rootCause(failure);
  return {
    name,
    message: foldMessage(message),
    sample: sampleOf(failure).slice(0, MAX_SAMPLE),
    frame: rootFrame(failure),
  };
}

/** The thrown error and its root cause. */
function sampleOf(failure: TaskFailure): string {
  const root = rootCause(failure);
  return root === failure ? failure.message : `${failure.message} (caused by ${root.name}: ${root.message})`;
}
