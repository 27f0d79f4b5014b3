import 'reflect-metadata';
import { Injectable } from '@nestjs/common';
import type { TaskHandler } from './task-handler.js';

/** Pause before the next attempt. */
export interface Backoff {
  /** `fixed`: always `delayMs`; `exponential`: `delayMs`, then twice as long each time. */
  type: 'fixed' | 'exponential';
  /** Pause before the second attempt, ms. */
  delayMs: number;
  /** Exponential only: maximum pause, ms. Defaults to none. */
  maxDelayMs?: number;
  /** Random share of each pause, 0-1, so that failed tasks do not retry all at once. Defaults to 0. */
  jitter?: number;
}

/** Declaration of a task type. Only name, title and input are required. */
export interface TaskOptions<Input extends object = object> {
  /** Lower-case words joined by `-`; the same as its folder and file. */
  name: string;
  title: string;
  /** One or two sentences for the card and the API. Defaults to none. */
  summary?: string;
  /** Class with class-validator decorators and `@Field`s. Form, validation and schema are derived from it. */
  input: new () => Input;
  /** Queue of the tasks: `default` or `cpu`. Defaults to `default`. */
  queue?: string;
  /** Maximum number of attempts, 1-100. Defaults to 1: no retry. */
  attempts?: number;
  /** Defaults to exponential from 1 s with jitter 0.2. */
  backoff?: Backoff;
  /** Time after which `ctx.signal` is aborted, ms. Defaults to none. */
  softTimeoutMs?: number;
  /** Time after which the attempt fails even if the handler continues, ms. Defaults to none. */
  hardTimeoutMs?: number;
  /** Maximum size of the result, bytes of JSON. Defaults to 1 MiB. */
  resultLimitBytes?: number;
  /**
   * Runs the handler in its own process, so that it cannot harm other tasks or the worker by blocking the event loop,
   * `process.exit`, running out of memory or crashing. Costs some milliseconds per task and about 80 MB per process.
   * For CPU-bound work and unreliable code; it is no sandbox against malicious code. Defaults to false.
   */
  isolate?: boolean;
  /**
   * Isolated only: grace period of an aborted handler before its process is killed, ms; 0 kills at once. A stopping
   * worker waits no longer than its own time limit. Defaults to 5000.
   */
  cancelGraceMs?: number;
  /**
   * Isolated only: number of tasks after which the process is replaced (including tasks of other types), against slow
   * memory leaks. Defaults to none.
   */
  maxTasksPerChild?: number;
  /**
   * Isolated only: JavaScript heap limit of the process, MB, 128 or more. Beyond it the task fails as out of memory.
   * Buffers are outside the heap: a process that is larger than the limit after a task is replaced. Task types with
   * the same limit share processes. Defaults to 512.
   */
  maxChildMemoryMb?: number;
}

const TASK_METADATA = Symbol('roost:task');
/** Class names of all decorated handlers, by task type. */
const decorated = new Map<string, string>();

/**
 * Marks a Nest provider as the handler of a task type. Classes are found by path:
 * `src/task-types/<name>/<name>.task.ts`.
 */
export function Task<Input extends object>(options: TaskOptions<Input>) {
  return (target: new (...args: never[]) => TaskHandler<Input, unknown>): void => {
    Injectable()(target);
    Reflect.defineMetadata(TASK_METADATA, options, target);
    decorated.set(options.name, target.name);
  };
}

/** Returns the options of a class marked with `@Task`, or undefined for any other value. */
export function findTaskOptions(target: unknown): TaskOptions | undefined {
  return typeof target === 'function' ? Reflect.getOwnMetadata(TASK_METADATA, target) : undefined;
}

/** Returns the name of the class marked with `@Task` for this type, exported or not. */
export function decoratedClassName(name: string): string | undefined {
  return decorated.get(name);
}
