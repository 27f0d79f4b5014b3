import type { TaskType } from '../catalog/task-type.js';

export interface Rate {
  /** Starts... */
  max: number;
  /** ...within any so many milliseconds. */
  perMs: number;
}

/** What an override may set; null lifts a limit that the type itself has. */
export interface LimitValues {
  softTimeoutMs?: number | null;
  hardTimeoutMs?: number | null;
  rate?: Rate | null;
  concurrency?: number | null;
}

/** Limits of a task type set at run time, for the whole fleet; what it does not name is as the type has it. Times are ms. */
export interface LimitOverride extends LimitValues {
  by: string;
  at: number;
  reason?: string;
  until?: number;
}

export const LIMIT_NAMES = ['softTimeoutMs', 'hardTimeoutMs', 'rate', 'concurrency'] as const;

export function limitsKey(prefix: string): string {
  return `${prefix}:limits`;
}

/** First part of the keys that hold a type's slots, its last starts and its line. */
export function typeKey(prefix: string, type: string): string {
  return `${prefix}:limits:${type}:`;
}

/** Counts the workers that have heard of a change; the change's id is what is said on the channel `limitsKey`. */
export function heardKey(prefix: string, change: string): string {
  return `${prefix}:limits:heard:${change}`;
}

/** How a task is named in slots and lines. */
export function memberOf(queue: string, id: string): string {
  return `${queue}/${id}`;
}

export function parseMember(member: string): { queue: string; id: string } {
  const slash = member.indexOf('/');
  return { queue: member.slice(0, slash), id: member.slice(slash + 1) };
}

/** What is kept of an override. Damaged ones are none: the type has the limits it declares, and no other type suffers. */
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

/** The override as it holds at a time: one that is over is none. */
export function parseOverride(json: string | null | undefined, now: number): LimitOverride | undefined {
  const override = json == null ? undefined : readOverride(json);
  if (!override) return undefined;
  return override.until !== undefined && override.until <= now ? undefined : override;
}

/** What a type declares; rate and concurrency are only ever set at run time. */
export function defaultsOf({ softTimeoutMs, hardTimeoutMs }: TaskType): LimitValues {
  return {
    softTimeoutMs: softTimeoutMs ?? null,
    hardTimeoutMs: hardTimeoutMs ?? null,
    rate: null,
    concurrency: null,
  };
}
