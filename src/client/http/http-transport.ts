import type { LogLine, TaskView } from '../../model/task-view.js';
import { idInPath } from '../../bullmq/task-ids.js';
import { RoostClientError } from '../errors.js';
import type {
  Accepted,
  CallOptions,
  CancelOptions,
  LogOptions,
  Submission,
  SubmissionOutcome,
  TaskEvent,
  Transport,
} from '../transport.js';
import { HttpConnection, type HttpCall, type HttpOptions } from './http-connection.js';
import { SubmitBatches, submissionJson } from './submit-batches.js';
import { EventFollower, type EventDecoder } from './event-follower.js';
import { TaskEventDecoder } from './task-events.js';

/** Longest time for which the server holds an answer back, ms. */
const MAX_HELD_MS = 30_200;
/** Time for an answer to arrive before the end of a wait, ms. */
const MARGIN_MS = 200;
const TASKS = '/api/v1/tasks';

/** Way to a Roost over its REST API. */
export class HttpTransport implements Transport {
  readonly connection: HttpConnection;

  /** @throws RoostClientError URL_INVALID */
  constructor(url: string, options: HttpOptions) {
    this.connection = new HttpConnection(url, options);
  }

  /** Checks address and token. @throws RoostClientError UNREACHABLE, NOT_ROOST, UNAUTHENTICATED, ... */
  async check(call: CallOptions): Promise<void> {
    const path = '/api/v1/me';
    const { body, status } = await this.call<{ permissions?: unknown }>('GET', path, call);
    if (Array.isArray(body?.permissions)) return;
    throw new RoostClientError(
      'NOT_ROOST',
      `${this.connection.address(path).href} answers, but not as a Roost does. Check the URL that was passed to Roost.connect.`,
      { status },
    );
  }

  async submit(submission: Submission, call: CallOptions): Promise<Accepted> {
    const { body } = await this.call<TaskView>('POST', TASKS, {
      ...call,
      isRepeatable: true,
      body: submissionJson(submission),
      headers: { 'idempotency-key': submission.idempotencyKey },
    });
    return { id: body.id, task: body };
  }

  submitMany(submissions: readonly Submission[], call: CallOptions): Promise<SubmissionOutcome[]> {
    return new SubmitBatches(this.connection, submissions, call).submit();
  }

  async get(id: string, call: CallOptions): Promise<TaskView> {
    return (await this.call<TaskView>('GET', taskPath(id), call)).body;
  }

  async getFinished(
    id: string,
    { withinMs, ...call }: CallOptions & { withinMs: number },
  ): Promise<TaskView> {
    // Whole seconds, which end before the caller's time limit: its signal ends the last one.
    const wait =
      withinMs === 0 ? 0 : Math.max(1, Math.floor((Math.min(MAX_HELD_MS, withinMs) - MARGIN_MS) / 1000));
    const heldMs = wait * 1000;
    return (await this.call<TaskView>('GET', taskPath(id), { ...call, heldMs, query: { wait } })).body;
  }

  events(id: string, call: CallOptions): AsyncIterable<TaskEvent> {
    return this.follow(taskPath(id, '/events'), call, new TaskEventDecoder());
  }

  follow<Event>(path: string, call: CallOptions, decoder: EventDecoder<Event>): AsyncIterable<Event> {
    return new EventFollower(this.connection, path, call, decoder).follow();
  }

  async logs(id: string, { after, limit, ...call }: LogOptions): Promise<LogLine[]> {
    const query = { after, limit };
    return (await this.call<{ items: LogLine[] }>('GET', taskPath(id, '/logs'), { ...call, query })).body
      .items;
  }

  async cancel(id: string, { reason, force, ...call }: CancelOptions): Promise<TaskView> {
    // Members that are undefined are left out.
    const cancel = { ...call, body: JSON.stringify({ reason, force }), isRepeatable: true };
    try {
      return (await this.call<TaskView>('POST', taskPath(id, '/cancel'), cancel)).body;
    } catch (error) {
      // The answer of an earlier try was lost.
      if (!(error instanceof RoostClientError) || error.code !== 'TASK_STATE_CONFLICT') throw error;
      const task = await this.get(id, call);
      if (task.state !== 'cancelled') throw error;
      return task;
    }
  }

  async retry(id: string, call: CallOptions): Promise<TaskView> {
    return (await this.call<TaskView>('POST', taskPath(id, '/retry'), call)).body;
  }

  async promote(id: string, call: CallOptions): Promise<TaskView> {
    return (await this.call<TaskView>('POST', taskPath(id, '/promote'), call)).body;
  }

  async remove(id: string, call: CallOptions): Promise<void> {
    await this.call('DELETE', taskPath(id), call);
  }

  /** Any other call of the API. Only GET is repeated after a lost answer, unless `isRepeatable` is set. */
  async call<Body>(
    method: HttpCall['method'],
    path: string,
    call: Partial<HttpCall> = {},
  ): Promise<{ status: number; body: Body }> {
    const answer = await this.connection.request({ isRepeatable: method === 'GET', ...call, method, path });
    return answer as { status: number; body: Body };
  }

  close(): Promise<void> {
    this.connection.close();
    return Promise.resolve();
  }
}

function taskPath(id: string, rest = ''): string {
  return `${TASKS}/${idInPath(id)}${rest}`;
}
