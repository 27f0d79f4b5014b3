import type { Page } from 'playwright-core';
import type { TaskState } from '../../src/model/states.js';

/** Texts on the page of one task. */
export class TaskPage {
  readonly id: string;

  constructor(readonly page: Page) {
    this.id = decodeURIComponent(new URL(page.url()).pathname.split('/')[2]!);
  }

  /** Waits for the browser to come to a task's page, by a redirect or a link. */
  static async arrive(page: Page): Promise<TaskPage> {
    await page.waitForURL(/\/tasks\/[^/?]+/);
    return new TaskPage(page);
  }

  async inState(state: TaskState): Promise<void> {
    await this.page.locator('#task-state .word', { hasText: new RegExp(`^${state}$`) }).waitFor();
  }

  /** The text of the element with this id, once it is there. */
  async read(id: string): Promise<string> {
    return (await this.page.locator(`#${id}`).innerText()).trim();
  }

  async result(): Promise<unknown> {
    return JSON.parse((await this.page.locator('#result-json').textContent()) ?? '');
  }

  /** From now on every state, percent and message the page shows, to be had with `seen`. */
  async watch(): Promise<void> {
    await this.page.evaluate(`
      const seen = (globalThis.seen = { states: [], percents: [], messages: [] });
      const note = (list, value) => value && value !== list.at(-1) && list.push(value);
      const look = () => {
        note(seen.states, document.querySelector('#task-state .word')?.textContent);
        note(seen.percents, document.getElementById('progress-bar')?.value);
        note(seen.messages, document.getElementById('progress-message')?.textContent);
      };
      new MutationObserver(look).observe(document.body,
        { subtree: true, childList: true, attributes: true, characterData: true });
      look();
    `);
  }

  /** Fails when the page was loaded anew since `watch`. */
  async seen(): Promise<{ states: TaskState[]; percents: number[]; messages: string[] }> {
    const seen = await this.page.evaluate('globalThis.seen');
    if (!seen) throw new Error('The page was loaded anew while it was watched.');
    return seen as { states: TaskState[]; percents: number[]; messages: string[] };
  }
}
