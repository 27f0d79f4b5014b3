import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import type { Request, Response } from 'express';
import { isSettled } from '../contract/states.js';
import type { TaskView } from '../contract/task-view.js';
import { lastEventId, SseConnection, sseMessage } from './sse-connection.js';

/** The history is looked at this often, ms: no event comes from queues of other programs. */
const LOOK_MS = 1000;
/** The last event's id of a story that is over. */
const OVER = 'over';

/**
 * Readers of tasks that Redis does not have for us. Of a settled one nothing more can come: it is told once, and a
 * reader that comes back is answered 204, by which `EventSource` knows to stay away. One that another program runs is
 * told again whenever the history knows more, until it is settled.
 */
@Injectable()
export class KeptWatches implements BeforeApplicationShutdown {
  private readonly open = new Set<SseConnection>();

  beforeApplicationShutdown(): void {
    for (const connection of this.open) connection.bye();
  }

  async watch(view: () => Promise<TaskView | undefined>, req: Request, res: Response): Promise<void> {
    const first = await view();
    if (lastEventId(req) === OVER && (!first || isSettled(first.state))) {
      res.status(204).end();
      return;
    }
    let timer: NodeJS.Timeout | undefined;
    const connection: SseConnection = new SseConnection(res, () => {
      clearTimeout(timer);
      this.open.delete(connection);
    });
    this.open.add(connection);
    let told = '';
    const tell = (task: TaskView | undefined) => {
      // The time it has been running changes by itself.
      const now = JSON.stringify({ ...task, runMs: undefined });
      if (now !== told) {
        const event = !task ? 'removed' : told ? 'state' : 'snapshot';
        connection.write(sseMessage(event, task ? { task } : {}));
      }
      told = now;
      if (!task || isSettled(task.state)) connection.end(OVER);
      else if (connection.open) later();
    };
    const later = () => (timer = setTimeout(() => void view().then(tell, later), LOOK_MS));
    tell(first);
  }
}
