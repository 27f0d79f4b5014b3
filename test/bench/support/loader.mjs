import { fileURLToPath } from 'node:url';
import { BenchProcess } from './processes.mjs';

const PROGRAM = fileURLToPath(new URL('load-program.mjs', import.meta.url));

/** Clients in a process of their own: what they need does not count as ours, and does not slow the one who measures. */
export class Loader {
  static async start(context) {
    const loader = new Loader();
    loader.process = new BenchProcess('load', process.execPath, [PROGRAM], {
      cwd: context.scratch,
      ipc: true,
    });
    await loader.process.message('ready');
    return loader;
  }

  /** `{ url, path, method?, headers?, body?, count, connections, keyed?, expect? }` -> `{ startedAt, ms, took, bytes }` */
  load(request) {
    return this.ask({ type: 'load', ...request });
  }

  /** `{ url, path, headers?, body, events, count }` -> `{ took }`: from the submit to the completed event, one at a time. */
  firstEvents(request) {
    return this.ask({ type: 'firstEvents', ...request });
  }

  /** `{ url, path, headers?, body, perSecond, seconds, connections, expect? }` -> `{ sent, behind, p50, p99, most }`, times in ms. */
  pace(request) {
    return this.ask({ type: 'pace', ...request });
  }

  async ask(message) {
    const answer = await this.process.ask(message);
    if (answer.failed) throw new Error(answer.failed);
    return answer;
  }
}
