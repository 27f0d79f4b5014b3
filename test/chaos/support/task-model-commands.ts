import fc from 'fast-check';
import { until } from '../../support/until.js';
import { KINDS, VERBS, type Kind, type ModelTask, type TaskModel, type Verb } from './task-model.js';
import type { World } from './world.js';

type Command = fc.AsyncCommand<TaskModel, World>;

/** Longest until a task is where the model says: that of a killed worker is noticed after 12 s. */
const SETTLES_MS = 40_000;
const INPUTS: Record<Kind, { type: string; input: object; options?: object }> = {
  quick: { type: 'ledger-work', input: { forMs: 0 } },
  bad: { type: 'divide', input: { x: 1, y: 0 } },
  long: { type: 'ledger-work', input: { forMs: 600000 } },
  later: { type: 'ledger-work', input: { forMs: 0 }, options: { delayMs: 3_600_000 } },
};

/** How often each thing was done, to see that a run did what it is for. */
export const done = new Map<string, number>();

async function submit(world: World, key: string, kind: Kind): Promise<{ status: number; id: string }> {
  const answer = await world.api.call('POST', '/api/v1/tasks', INPUTS[kind], { 'idempotency-key': key });
  const { id } = (await answer.json()) as { id: string };
  return { status: answer.status, id };
}

/** The task is, or comes to be, in the state that the model has for it. */
export async function agree(world: World, task: ModelTask): Promise<void> {
  let last = '';
  await until(
    'the task is where the model says',
    async () => {
      const answer = await world.api.call('GET', `/api/v1/tasks/${task.id}`);
      const body = (await answer.json()) as { state?: string; code?: string };
      last = body.state ?? `${answer.status} ${body.code}`;
      if (task.state === 'deleted') return answer.status === 410 || answer.status === 404;
      return last === task.state;
    },
    SETTLES_MS,
  ).catch(() => {
    throw new Error(`The model has ${task.kind} ${task.key} as ${task.state}, Roost as ${last}`);
  });
}

function expectThat(what: string, is: unknown, wanted: unknown): void {
  if (is !== wanted) throw new Error(`${what}: ${String(is)}, the model has ${String(wanted)}`);
}

class Submit implements Command {
  constructor(private readonly kind: Kind) {}
  check = () => true;
  async run(model: TaskModel, world: World): Promise<void> {
    const { status, id } = await submit(world, model.nextKey(), this.kind);
    expectThat('status of a submit', status, 202);
    model.submitted(id, this.kind);
    await agree(world, model.tasks.at(-1)!);
  }
  toString = () => `submit ${this.kind}`;
}

/** The same request again: the same task, in whatever state; once it was deleted, a new one. */
class SubmitAgain implements Command {
  constructor(private readonly n: number) {}
  check = ({ tasks }: Readonly<TaskModel>) => tasks.length > 0;
  async run(model: TaskModel, world: World): Promise<void> {
    const task = model.at(this.n);
    const { id } = await submit(world, task.key, task.kind);
    expectThat('id of a repeated submit', id, task.id);
    if (task.state === 'deleted') {
      task.state = 'delayed';
      if (task.kind !== 'later') model.begin(task);
    }
    await agree(world, task);
  }
  toString = () => `submit again ${this.n}`;
}

class Act implements Command {
  constructor(
    private readonly verb: Verb,
    private readonly n: number,
  ) {}
  check = ({ tasks }: Readonly<TaskModel>) => tasks.length > 0;
  async run(model: TaskModel, world: World): Promise<void> {
    const task = model.at(this.n);
    const wasDeleted = task.state === 'deleted';
    const allowed = model.act(this.verb, task);
    const path = `/api/v1/tasks/${task.id}`;
    const { status } =
      this.verb === 'delete'
        ? await world.api.call('DELETE', path)
        : await world.api.call('POST', `${path}/${this.verb}`);
    const what = `status of ${this.verb} on ${task.kind} ${task.key}`;
    if (wasDeleted) expectThat(what, status === 410 || status === 404, true);
    else expectThat(what, status < 300 ? 'done' : status, allowed ? 'done' : 409);
    await agree(world, task);
  }
  toString = () => `${this.verb} ${this.n}`;
}

class Pause implements Command {
  check = ({ paused }: Readonly<TaskModel>) => !paused;
  async run(model: TaskModel, world: World): Promise<void> {
    expectThat('pause', (await world.api.call('POST', '/api/v1/queues/default/pause')).status, 200);
    model.paused = true;
  }
  toString = () => 'pause';
}

class Resume implements Command {
  check = ({ paused }: Readonly<TaskModel>) => paused;
  async run(model: TaskModel, world: World): Promise<void> {
    expectThat('resume', (await world.api.call('POST', '/api/v1/queues/default/resume')).status, 200);
    model.resumed();
    for (const task of model.tasks) await agree(world, task);
  }
  toString = () => 'resume';
}

class CrashWorker implements Command {
  check = () => true;
  async run(model: TaskModel, world: World): Promise<void> {
    await world.killWorker(world.workers[0]!);
    await world.startWorker();
    model.crashed();
    for (const task of model.tasks) await agree(world, task);
  }
  toString = () => 'crash the worker';
}

const n = fc.nat({ max: 30 });

/** Counted as they are made to run. */
function counted(command: Command, name: string): Command {
  const run = command.run.bind(command);
  command.run = async (model, world) => {
    await run(model, world);
    done.set(name, (done.get(name) ?? 0) + 1);
  };
  return command;
}

/** Sequences of commands; a crash is rare, as it takes seconds to be noticed. */
export function commands(length: number): fc.Arbitrary<Iterable<Command>> {
  const acts = VERBS.map((verb) => n.map((at) => counted(new Act(verb, at), verb)));
  const submits = fc.constantFrom(...KINDS).map((kind) => counted(new Submit(kind), 'submit'));
  return fc.commands(
    [
      ...[submits, submits, submits, ...acts, ...acts],
      n.map((at) => counted(new SubmitAgain(at), 'submit again')),
      fc.constant(null).map(() => counted(new Pause(), 'pause')),
      fc.constant(null).map(() => counted(new Resume(), 'resume')),
      fc.constant(null).map(() => counted(new Resume(), 'resume')),
      fc
        .nat({ max: 3 })
        .map((dice) =>
          dice > 0 ? counted(new Submit('long'), 'submit') : counted(new CrashWorker(), 'crash'),
        ),
    ],
    {
      maxCommands: length,
      size: 'max',
      ...(process.env.REPLAY_PATH ? { replayPath: process.env.REPLAY_PATH } : {}),
    },
  );
}
