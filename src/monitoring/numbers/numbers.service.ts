import { Inject, Injectable } from '@nestjs/common';
import { HistoryStatus } from '../../history/history-status.js';
import type {
  ErrorGroup,
  HistoryStore,
  NumberSearch,
  NumberSpan,
} from '../../history/store/history-store.js';
import type { KnownVersion } from '../../history/store/versions.js';
import { HISTORY } from '../../history/tokens.js';
import { RANGES, windowBefore, windowOf, type Range, type RangeName, type Window } from './number-ranges.js';
import { addUp, NO_NUMBERS, toNumbers, type Numbers } from './number-view.js';

export interface NamedNumbers {
  name: string;
  now: Numbers;
  /** Of the same length of time before. */
  before: Numbers;
}

export const GROUPINGS = ['type', 'queue', 'worker'] as const;
export type Grouping = (typeof GROUPINGS)[number];

/** All that the overview draws of one range. */
export interface RangeNumbers extends Window {
  range: Range;
  bars: ({ at: number } & Numbers)[];
  total: Numbers;
  before: Numbers;
  types: NamedNumbers[];
  queues: NamedNumbers[];
  workers: NamedNumbers[];
  /** Versions of the code first seen in this time. */
  versions: KnownVersion[];
  /** With most failures in this time first. */
  failing: ErrorGroup[];
}

/** The history does not tell everything yet. */
export interface Behind {
  state: 'catching-up' | 'away' | 'stopped';
  lagMs: number;
  error?: string;
}

const FAILING = 6;
/** Below this nobody would notice. */
const BEHIND_MS = 3_000;

/** Counts and durations out of the history: of any length of time, by task type, queue and worker. */
@Injectable()
export class NumbersService {
  private readonly fresh = new Map<RangeName, { at: number; answer: Promise<RangeNumbers> }>();

  constructor(
    @Inject(HISTORY) private readonly store: HistoryStore,
    private readonly recorder: HistoryStatus,
  ) {}

  /** The same answer for all who ask within a moment: every open page does, once a second. */
  range(name: RangeName, now: number = Date.now()): Promise<RangeNumbers> {
    const range = RANGES[name];
    const known = this.fresh.get(name);
    if (known && now - known.at < range.freshMs) return known.answer;
    const answer = this.readRange(range, now);
    this.fresh.set(name, { at: now, answer });
    answer.catch(() => this.fresh.delete(name));
    return answer;
  }

  read(search: NumberSearch): Promise<NumberSpan[]> {
    return this.store.numbers(search);
  }

  behind(): Behind | undefined {
    const { state, lagMs, error } = this.recorder.status();
    if (state === 'away' || state === 'stopped') return { state, lagMs, ...(error ? { error } : {}) };
    if (lagMs <= BEHIND_MS) return undefined;
    return { state: 'catching-up', lagMs, ...(error ? { error } : {}) };
  }

  private async readRange(range: Range, now: number): Promise<RangeNumbers> {
    const window = windowOf(range, now);
    const { from, to } = window;
    const [bars, types, queues, workers, versions, errors] = await Promise.all([
      this.store.numbers({ from, to, step: range.step, fold: range.barMs }),
      this.named('type', range, window),
      this.named('queue', range, window),
      this.named('worker', range, window),
      this.store.versions(from, to),
      this.store.errors({ since: from, sort: 'recent', limit: FAILING, now, states: ['open', 'regressed'] }),
    ]);
    const byTime = new Map(bars.map((span) => [span.at, span]));
    return {
      range,
      from,
      to,
      bars: Array.from({ length: range.bars }, (_, i) => {
        const at = from + i * range.barMs;
        return { at, ...toNumbers(byTime.get(at)) };
      }),
      total: addUp(types.spans),
      before: addUp(types.earlier),
      types: types.named,
      queues: queues.named,
      workers: workers.named,
      versions,
      failing: errors.items,
    };
  }

  private async named(by: Grouping, range: Range, window: Window) {
    const read = (times: Window) => this.store.numbers({ ...times, step: 'all', edge: range.edge, by });
    const [spans, earlier] = await Promise.all([read(window), read(windowBefore(range, window))]);
    const before = new Map(earlier.map((span) => [span.name, toNumbers(span)]));
    const named = spans
      .map((span) => ({
        name: span.name ?? '',
        now: toNumbers(span),
        before: before.get(span.name) ?? NO_NUMBERS,
      }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    return { spans, earlier, named };
  }
}
