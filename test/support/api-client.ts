import type { TaskView } from '../../src/model/task-view.js';
import { until } from './until.js';

/** The history of a busy machine is this far behind at most, ms. */
const PATIENCE_MS = 240_000;

/** A web app as a client of the API sees it. */
export class ApiClient {
  constructor(readonly url: string) {}

  /** Asks again while it is told to, which a history that is some moments behind does. */
  async call(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    for (const startedAt = Date.now(); ;) {
      const answer = await this.callOnce(method, path, body, headers);
      if (answer.status !== 503 || Date.now() - startedAt > PATIENCE_MS) return answer;
      const { code } = (await answer
        .clone()
        .json()
        .catch(() => ({}))) as { code?: string };
      if (code !== 'HISTORY_UNAVAILABLE') return answer;
    }
  }

  private callOnce(
    method: string,
    path: string,
    body: unknown,
    headers: Record<string, string>,
  ): Promise<Response> {
    return fetch(`${this.url}${path}`, {
      method,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  async submit(
    type: string,
    input: object,
    options?: object,
    headers?: Record<string, string>,
  ): Promise<TaskView> {
    const answer = await this.call(
      'POST',
      '/api/v1/tasks',
      { type, input, ...(options ? { options } : {}) },
      headers,
    );
    if (answer.status !== 202 && answer.status !== 200) {
      throw new Error(`submit answered ${answer.status}: ${await answer.text()}`);
    }
    return (await answer.json()) as TaskView;
  }

  async get<T = TaskView>(path: string): Promise<T> {
    const answer = await this.call('GET', path);
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
    return (await answer.json()) as T;
  }

  task(id: string): Promise<TaskView> {
    return this.get(`/api/v1/tasks/${id}`);
  }

  /** The task once it is in one of these states. */
  async inState(id: string, states: TaskView['state'][], limitMs?: number): Promise<TaskView> {
    let task: TaskView | undefined;
    await until(
      `task ${id} is ${states.join(' or ')}`,
      async () => {
        task = await this.task(id);
        return states.includes(task.state);
      },
      limitMs,
    );
    return task!;
  }
}
