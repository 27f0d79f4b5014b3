import { cpuOf } from './cpu.mjs';
import { BenchPostgres } from './postgres.mjs';
import { BenchProcess } from './processes.mjs';

/** Rows of one statement. */
const FILL_AT_ONCE = 50_000;

/** One of the queues on Postgres, with a Postgres of its own: a process that adds and works, another one that searches. */
export class OnPostgres {
  #added = 0;

  /** `program`: of `peers/postgres/`. */
  static async start(context, program) {
    const one = new OnPostgres();
    one.postgres = await BenchPostgres.start(context.postgres, context.scratch);
    const start = async (name, ...args) => {
      const file = context.build.onPostgres(name);
      const options = { cwd: context.scratch, ipc: true };
      const started = new BenchProcess(name, process.execPath, [file, one.postgres.url, ...args], options);
      return Object.assign(started, await started.message('ready'));
    };
    one.program = await start(program);
    one.search = await start('search', program);
    one.searchUrl = one.search.url;
    return one;
  }

  searchPath(field, value) {
    return `/jobs?${new URLSearchParams({ field, value: String(value) })}`;
  }

  /** Adds tasks, then lets the worker run: tasks per second, and microseconds of all processes a task. */
  async workOff(count) {
    const used = () => this.postgres.cpu() + cpuOf(this.program.pid);
    const before = used();
    await this.#ask({ type: 'add', from: this.#added, count });
    this.#added += count;
    const { ms } = await this.#ask({ type: 'workOff' });
    return { perSecond: Math.round((count / ms) * 1000), us: Math.round((used() - before) / count) };
  }

  /** Stores tasks that have finished, as if they had run. */
  async fill(count) {
    for (let from = 1; from <= count; from += FILL_AT_ONCE)
      await this.#ask({ type: 'fill', from, count: Math.min(FILL_AT_ONCE, count - from + 1) });
    await this.#ask({ type: 'vacuum' });
  }

  async #ask(message) {
    const answer = await this.program.ask(message);
    if (answer.failed) throw new Error(answer.failed);
    return answer;
  }
}
