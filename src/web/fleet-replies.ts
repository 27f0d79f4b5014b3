import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import type { Replies } from './page-models/fleet-command.js';

/** Answers are read right after they came; more than this many forms are not under way at once. */
const KEPT = 50;

/** What workers said to one form, for the page that the browser is sent to afterwards: sent again it must not act again. */
@Injectable()
export class FleetReplies {
  private readonly kept = new Map<string, Replies>();

  keep(replies: Replies): string {
    const id = randomUUID();
    this.kept.set(id, replies);
    for (const old of this.kept.keys()) {
      if (this.kept.size <= KEPT) break;
      this.kept.delete(old);
    }
    return id;
  }

  find(id: string | undefined): Replies | undefined {
    return id === undefined ? undefined : this.kept.get(id);
  }
}
