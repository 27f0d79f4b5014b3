import type { TestProcess } from './processes.js';
import { freePort } from './redis-server.js';
import { ScratchProject } from './scratch-project.js';
import { until } from './until.js';

/** A project of its own in which `npm start` is called, again and again on one port. */
export class NpmStart {
  private constructor(
    readonly project: ScratchProject,
    readonly port: number,
  ) {}

  static async prepare(): Promise<NpmStart> {
    return new NpmStart(new ScratchProject(), await freePort());
  }

  start(env: Record<string, string> = {}): TestProcess {
    return this.project.npm(['start'], { PORT: String(this.port), ...env });
  }

  /** Returns the address of the web app, once it is ready. */
  async address(npm: TestProcess): Promise<string> {
    return (await npm.waitForOutput(/Web +(http:\S+)/))[1]!;
  }

  /** By Ctrl-C, to the last process of it. */
  async end(npm: TestProcess): Promise<void> {
    npm.pressCtrlC();
    await npm.ended;
    await this.nothingLeft();
  }

  async nothingLeft(): Promise<void> {
    const isEmpty = () => this.project.processes().length === 0;
    await until('nothing of it is left', isEmpty).catch((error: unknown) => {
      throw new Error(`Still there: ${JSON.stringify(this.project.processes())}`, { cause: error });
    });
  }

  remove(): void {
    this.project.remove();
  }
}
