import type { TaskType } from '../registry/task-type.js';

export interface Rate {
  /** Number of starts allowed... */
  max: number;
  /** ...within any window of this length, ms. */
  perMs: number;
}

/** Limits that an override may set; null lifts a limit of the type. */
export interface LimitValues {
  softTimeoutMs?: number | null;
  hardTimeoutMs?: number | null;
  rate?: Rate | null;
  concurrency?: number | null;
}

/** Limits of a task type set at run time, for all workers. A missing limit is that of the type. Times are ms. */
export interface LimitOverride extends LimitValues {
  by: string;
  at: number;
  reason?: string;
  until?: number;
}

export const LIMIT_NAMES = ['softTimeoutMs', 'hardTimeoutMs', 'rate', 'concurrency'] as const;

/** Name of a task in slots and waitlists. */
export function formatMember(queue: string, id: string): string {
  return `${queue}/${id}`;
}

export function parseMember(member: string): { queue: string; id: string } {
  const slash = member.indexOf('/');
  return { queue: member.slice(0, slash), id: member.slice(slash + 1) };
}

/** Parses a stored override. A damaged one counts as none, so that its type has the declared limits. */
export function readOverride(json: string): LimitOverride | undefined {
  try {
    const override = JSON.parse(json) as Partial<LimitOverride> | null;
    return typeof override?.by === 'string' && Number.isFinite(override.at)
      ? (override as LimitOverride)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Parses an override; undefined if it has ended by `now` (ms). */
export function parseOverride(json: string | null | undefined, now: number): LimitOverride | undefined {
  const override = json == null ? undefined : readOverride(json);
  if (!override) return undefined;
  return override.until !== undefined && override.until <= now ? undefined : override;
}

/** Limits that a type declares. Rate and concurrency can only be set at run time. */
export function defaultsOf({ softTimeoutMs, hardTimeoutMs }: TaskType): LimitValues {
  return {
    softTimeoutMs: softTimeoutMs ?? null,
    hardTimeoutMs: hardTimeoutMs ?? null,
    rate: null,
    concurrency: null,
  };
}
