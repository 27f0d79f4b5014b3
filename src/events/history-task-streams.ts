import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import type { Request, Response } from 'express';
import { isFinished } from '../model/states.js';
import type { TaskView } from '../model/task-view.js';
import { lastEventId, SseConnection, sseMessage } from './sse-connection.js';

/** Poll interval of the history, ms: queues of other programs publish no events. */
const POLL_MS = 1000;
/** Id of the last event of a finished task. */
const FINISHED_EVENT_ID = 'over';

/**
 * SSE clients that watch tasks which exist only in the history. A finished task is sent once; a reconnect gets 204, which
 * stops `EventSource`. A task of another program is sent again whenever the history changes, until it is finished.
 */
@Injectable()
export class HistoryTaskStreams implements BeforeApplicationShutdown {
  private readonly open = new Set<SseConnection>();

  beforeApplicationShutdown(): void {
    for (const connection of this.open) connection.bye();
  }

  async watch(view: () => Promise<TaskView | undefined>, req: Request, res: Response): Promise<void> {
    const first = await view();
    if (lastEventId(req) === FINISHED_EVENT_ID && (!first || isFinished(first.state))) {
      res.status(204).end();
      return;
    }
    let timer: NodeJS.Timeout | undefined;
    const connection: SseConnection = new SseConnection(res, () => {
      clearTimeout(timer);
      this.open.delete(connection);
    });
    this.open.add(connection);
    let sent = '';
    const send = (task: TaskView | undefined) => {
      // `runMs` grows without a change of the task.
      const now = JSON.stringify({ ...task, runMs: undefined });
      if (now !== sent) {
        const event = !task ? 'removed' : sent ? 'state' : 'snapshot';
        connection.write(sseMessage(event, task ? { task } : {}));
      }
      sent = now;
      if (!task || isFinished(task.state)) connection.end(FINISHED_EVENT_ID);
      else if (connection.open) later();
    };
    const later = () => (timer = setTimeout(() => void view().then(send, later), POLL_MS));
    send(first);
  }
}
