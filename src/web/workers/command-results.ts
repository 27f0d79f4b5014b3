import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import type { Replies } from './fleet-command.js';

/**
 * Maximum number of stored results. They are read right after the redirect, so more forms are never in
 * progress.
 */
const MAX_RESULTS = 50;

/**
 * Results of one form's command, for the page that the browser is redirected to. A reload of that page must
 * not run the command again.
 */
@Injectable()
export class CommandResults {
  private readonly kept = new Map<string, Replies>();

  keep(replies: Replies): string {
    const id = randomUUID();
    this.kept.set(id, replies);
    for (const old of this.kept.keys()) {
      if (this.kept.size <= MAX_RESULTS) break;
      this.kept.delete(old);
    }
    return id;
  }

  find(id: string | undefined): Replies | undefined {
    return id === undefined ? undefined : this.kept.get(id);
  }
}
