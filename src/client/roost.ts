import type { TaskTypeView } from '../tasks/submit.openapi.js';
import type { HttpOptions } from './http/http-connection.js';
import { HttpTransport } from './http/http-transport.js';
import { listTaskTypes, QueuesResource, TasksResource, WorkersResource } from './http/resources.js';
import { TaskHandle } from './task-handle.js';
import { TaskTypeClient } from './task-type-client.js';
import type {
  DeclaredInput,
  DeclaredResult,
  FieldOf,
  ResultOf,
  SubmitInput,
  TaskClass,
  TaskName,
} from './task-types.js';
import type { CallOptions, Transport } from './transport.js';

export interface ConnectOptions extends HttpOptions, CallOptions {
  /**
   * Checks address and token before `connect` resolves. Defaults to true; with false a program starts also while Roost
   * is away, and the first call reports what is wrong.
   */
  check?: boolean;
}

/** Connection of a program to a Roost: submits tasks, waits for them, reads and controls. */
export class Roost {
  /** Lists and follows tasks. */
  readonly tasks: TasksResource;
  readonly queues: QueuesResource;
  readonly workers: WorkersResource;

  private constructor(
    private readonly transport: Transport,
    private readonly http: HttpTransport,
  ) {
    this.tasks = new TasksResource(http);
    this.queues = new QueuesResource(http);
    this.workers = new WorkersResource(http);
  }

  /**
   * Connects to the web app at an address such as `https://roost.example.com`.
   * @throws RoostClientError URL_INVALID, UNREACHABLE, NOT_ROOST, UNAUTHENTICATED
   */
  static async connect(
    url: string,
    { check = true, signal, ...options }: ConnectOptions = {},
  ): Promise<Roost> {
    const http = new HttpTransport(url, options);
    if (check) await http.check(signal ? { signal } : {});
    return new Roost(http, http);
  }

  /** A declared task type (see `toDeclarations`), or any where none are declared. */
  task<Name extends TaskName>(name: Name): TaskTypeClient<DeclaredInput<Name>, DeclaredResult<Name>>;
  /**
   * The task type of a class, which is imported as a type only. `Defaulted` names the fields with a default:
   * `roost.task<typeof DivideTask, 'digits' | 'stepDelayMs'>('divide')`.
   */
  task<Type extends TaskClass = never, Defaulted extends FieldOf<Type> = never>(
    name: [Type] extends [never] ? never : TaskName,
  ): TaskTypeClient<SubmitInput<Type, Defaulted>, ResultOf<Type>>;
  task(name: string): TaskTypeClient<unknown, unknown> {
    return new TaskTypeClient(this.transport, name);
  }

  /** A task by its id. Sends no request. */
  handle<Result = unknown>(id: string): TaskHandle<Result> {
    return new TaskHandle<Result>(this.transport, id);
  }

  /** Reads all task types with the JSON Schemas of their inputs. */
  taskTypes(call: CallOptions = {}): Promise<TaskTypeView[]> {
    return listTaskTypes(this.http, call);
  }

  /** Ends open calls and event streams. Accepted tasks run on. */
  close(): Promise<void> {
    return this.transport.close();
  }
}
