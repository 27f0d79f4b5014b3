import 'reflect-metadata';
import { Injectable } from '@nestjs/common';
import type { TaskHandler } from './task-handler.js';

/** How long to pause before the next attempt. */
export interface Backoff {
  /** `fixed`: always `delayMs`; `exponential`: `delayMs`, then twice as long each time. */
  type: 'fixed' | 'exponential';
  /** Milliseconds before the second attempt. */
  delayMs: number;
  /** 0-1: how much of each pause is left to chance, so that failures do not come back in step. Defaults to 0. */
  jitter?: number;
}

/** What a task type declares about itself. Only name, title and input are needed. */
export interface TaskOptions<Input extends object = object> {
  /** Lower-case words joined by `-`; the same as its folder and file. */
  name: string;
  title: string;
  /** One or two sentences for the card and the API. Defaults to none. */
  summary?: string;
  /** Class with class-validator decorators and `@Field`s; form, validation and schema come from it. */
  input: new () => Input;
  /** Queue it waits in: `default` or `cpu`. Defaults to `default`. */
  queue?: string;
  /** Runs until it counts as failed, 1-100. Defaults to 1: no retry. */
  attempts?: number;
  /** Defaults to exponential from 1 s with jitter 0.2. */
  backoff?: Backoff;
  /** Milliseconds after which `ctx.signal` is aborted. Defaults to none. */
  softTimeoutMs?: number;
  /** Milliseconds after which the attempt fails, whether the handler listens or not. Defaults to none. */
  hardTimeoutMs?: number;
  /** Largest result in bytes of JSON. Defaults to 1 MiB. */
  resultLimitBytes?: number;
  /**
   * Runs the handler in a process of its own, so that nothing it does can harm other tasks or the worker: blocking the
   * event loop, `process.exit`, running out of memory, crashing. Costs some milliseconds a task and about 80 MB a
   * process. For work that keeps a processor busy and for code you do not trust to behave; it is no sandbox against
   * code you do not trust to be honest. Defaults to false.
   */
  isolate?: boolean;
  /**
   * Isolated only: milliseconds an aborted handler gets to end by itself before its process is killed; 0 kills at once.
   * A worker that is stopping cannot wait longer than its own time limit allows. Defaults to 5000.
   */
  cancelGraceMs?: number;
  /**
   * Isolated only: the process that runs it is replaced once it has run this many tasks (those of other types that
   * it ran are counted too), against what leaks slowly. Defaults to none.
   */
  maxTasksPerChild?: number;
  /**
   * Isolated only: megabytes of JavaScript heap its process may have, 128 or more; beyond it the task fails as out of
   * memory. Buffers are not in the heap: a process that is still larger than this after a task is replaced. Task types
   * with the same limit share their processes. Defaults to 512.
   */
  maxChildMemoryMb?: number;
}

const TASK_METADATA = Symbol('roost:task');

/**
 * Marks a Nest provider as the handler of a task type. The class is found by its place:
 * `src/task-types/<name>/<name>.task.ts`.
 */
export function Task<Input extends object>(options: TaskOptions<Input>) {
  return (target: new (...args: never[]) => TaskHandler<Input, unknown>): void => {
    Injectable()(target);
    Reflect.defineMetadata(TASK_METADATA, options, target);
  };
}

/** The options of a class marked with `@Task`, or undefined for any other value. */
export function findTaskOptions(target: unknown): TaskOptions | undefined {
  return typeof target === 'function' ? Reflect.getOwnMetadata(TASK_METADATA, target) : undefined;
}
