import type { QueueDetail, QueueOutcome, QueueView } from '../../queues/queues.openapi.js';
import { idInPath } from '../../bullmq/task-ids.js';
import type { AttemptView, TaskPage, TaskView, TransitionView } from '../../model/task-view.js';
import type { TaskTypeView } from '../../tasks/submit.openapi.js';
import type { WorkerDetail, WorkerReply, WorkerView } from '../../workers/workers.openapi.js';
import type { WhyView } from '../../tasks/task-queries.openapi.js';
import type { CallOptions, TaskChange } from '../transport.js';
import type { HttpTransport } from './http-transport.js';
import { TASK_CHANGE_DECODER } from './task-events.js';

/** Search of `GET /tasks`; the conditions are joined by AND. */
export interface TaskSearch extends CallOptions {
  /** Query language, such as `state:failed type:divide input.x:>10`. */
  q?: string;
  state?: string;
  type?: string;
  queue?: string;
  worker?: string;
  tag?: string;
  /** Time, or age such as `2h`. */
  from?: string;
  to?: string;
  /** Such as `createdAt:desc`. */
  sort?: string;
  /** Tasks per request, 1-200. */
  limit?: number;
}

/** How long a command on a queue holds, and why. */
export interface OrderOptions extends CallOptions {
  reason?: string;
  /** Ends by itself at this time. */
  until?: Date | string;
  /** Ends by itself after so many ms. */
  forMs?: number;
}

/** Lists tasks, and reads what the web app knows of one. */
export class TasksResource {
  constructor(private readonly http: HttpTransport) {}

  /** Yields all hits, newest first or ordered by `sort`; reads page by page. */
  async *list(search: TaskSearch = {}): AsyncGenerator<TaskView, void, void> {
    let cursor: string | undefined;
    do {
      const page = await this.page({ ...search, ...(cursor === undefined ? {} : { cursor }) });
      yield* page.items;
      cursor = page.nextCursor;
    } while (cursor !== undefined);
  }

  /** Reads one page, with the number of hits. */
  async page({ signal, ...query }: TaskSearch & { cursor?: string } = {}): Promise<TaskPage> {
    return get<TaskPage>(this.http, '/tasks', signal, query);
  }

  /** Follows the changes of all tasks from now on. After an interruption it continues there, or from then on after a long one. */
  changes(call: CallOptions = {}): AsyncIterable<TaskChange> {
    return this.http.follow('/api/v1/events', call, TASK_CHANGE_DECODER);
  }

  /** Answers why a task does not run. */
  why(id: string, { signal }: CallOptions = {}): Promise<WhyView> {
    return get(this.http, `/tasks/${idInPath(id)}/why`, signal);
  }

  /** Lists the attempts of a task, oldest first. */
  async attempts(id: string, { signal }: CallOptions = {}): Promise<AttemptView[]> {
    return (await get<{ items: AttemptView[] }>(this.http, `/tasks/${idInPath(id)}/attempts`, signal)).items;
  }

  /** Lists the changes of state of a task, oldest first. */
  async transitions(id: string, { signal }: CallOptions = {}): Promise<TransitionView[]> {
    const path = `/tasks/${idInPath(id)}/transitions`;
    return (await get<{ items: TransitionView[] }>(this.http, path, signal)).items;
  }

  /** Moves a task that has not started to another queue. @throws RoostClientError TASK_STATE_CONFLICT */
  move(id: string, queue: string, { signal }: CallOptions = {}): Promise<TaskView> {
    return post(this.http, `/tasks/${idInPath(id)}/move`, signal, { queue });
  }
}

/** Reads and controls queues. */
export class QueuesResource {
  constructor(private readonly http: HttpTransport) {}

  async list({ signal }: CallOptions = {}): Promise<QueueView[]> {
    return (await get<{ items: QueueView[] }>(this.http, '/queues', signal)).items;
  }

  get(name: string, { signal }: CallOptions = {}): Promise<QueueDetail> {
    return get(this.http, `/queues/${encodeURIComponent(name)}`, signal);
  }

  /** Lets its workers start no further task. */
  pause(name: string, order: OrderOptions = {}): Promise<QueueDetail> {
    return this.command(name, 'pause', order);
  }

  resume(name: string, order: Pick<OrderOptions, 'reason' | 'signal'> = {}): Promise<QueueDetail> {
    return this.command(name, 'resume', order);
  }

  /** Removes the waiting tasks; with `delayed` also those. */
  drain(
    name: string,
    order: { reason?: string; delayed?: boolean } & CallOptions = {},
  ): Promise<QueueOutcome> {
    return this.command(name, 'drain', order);
  }

  /** Removes finished tasks. */
  clean(
    name: string,
    order: { state: string; olderThanMs: number; limit?: number; reason?: string } & CallOptions,
  ): Promise<QueueOutcome> {
    return this.command(name, 'clean', order);
  }

  /** Starts its delayed tasks now. */
  promote(name: string, order: { reason?: string } & CallOptions = {}): Promise<QueueOutcome> {
    return this.command(name, 'promote', order);
  }

  /** Limits the running tasks of all workers together; null lifts the limit. */
  setConcurrency(name: string, value: number | null, order: OrderOptions = {}): Promise<QueueDetail> {
    return this.command(name, 'concurrency', order, { value });
  }

  /** Limits the starts: `max` in `perMs`; null lifts the limit. */
  setRateLimit(
    name: string,
    limit: { max: number; perMs: number } | null,
    order: OrderOptions = {},
  ): Promise<QueueDetail> {
    return this.command(name, 'rate-limit', order, limit ?? { max: null });
  }

  private command<Answer>(
    name: string,
    command: string,
    { signal, ...order }: CallOptions,
    more: object = {},
  ): Promise<Answer> {
    const path = `/queues/${encodeURIComponent(name)}/${command}`;
    return post(this.http, path, signal, { ...order, ...more });
  }
}

/** Reads and controls workers. */
export class WorkersResource {
  constructor(private readonly http: HttpTransport) {}

  async list({ signal }: CallOptions = {}): Promise<WorkerView[]> {
    return (await get<{ items: WorkerView[] }>(this.http, '/workers', signal)).items;
  }

  get(id: string, { signal }: CallOptions = {}): Promise<WorkerDetail> {
    return get(this.http, `/workers/${encodeURIComponent(id)}`, signal);
  }

  /**
   * Sends a command such as `concurrency` with its arguments; returns the worker's own reply.
   * @throws RoostClientError COMMAND_REFUSED, WORKER_NO_ANSWER, WORKER_NOT_FOUND
   */
  async command(
    id: string,
    command: string,
    args: object = {},
    { signal }: CallOptions = {},
  ): Promise<Record<string, unknown>> {
    const path = `/workers/${encodeURIComponent(id)}/${encodeURIComponent(command)}`;
    const answer = await post<{ result: Record<string, unknown> }>(this.http, path, signal, args);
    return answer.result;
  }

  /** Sends a command to several workers, or to all; returns the reply of each. */
  async commandMany(
    ids: readonly string[] | 'all',
    command: string,
    args: object = {},
    { signal }: CallOptions = {},
  ): Promise<WorkerReply[]> {
    const path = `/workers/commands/${encodeURIComponent(command)}`;
    return (await post<{ items: WorkerReply[] }>(this.http, path, signal, { ids, ...args })).items;
  }
}

/** Reads all task types with the JSON Schemas of their inputs. */
export async function listTaskTypes(http: HttpTransport, { signal }: CallOptions): Promise<TaskTypeView[]> {
  return (await get<{ items: TaskTypeView[] }>(http, '/task-types', signal)).items;
}

async function get<Answer>(
  http: HttpTransport,
  path: string,
  signal: AbortSignal | undefined,
  query: Record<string, string | number | undefined> = {},
): Promise<Answer> {
  return (await http.call<Answer>('GET', `/api/v1${path}`, { query, ...(signal ? { signal } : {}) })).body;
}

async function post<Answer>(
  http: HttpTransport,
  path: string,
  signal: AbortSignal | undefined,
  body: object,
): Promise<Answer> {
  const call = { body: JSON.stringify(body), ...(signal ? { signal } : {}) };
  return (await http.call<Answer>('POST', `/api/v1${path}`, call)).body;
}
