import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** One line that a handler wrote, past all of Roost and Redis: it began, did its effect, was told to stop (why), ended. */
interface LedgerLine {
  kind: 'S' | 'X' | 'T' | 'E';
  id: string;
  pid: number;
  at: number;
  word: string;
}

/** The books beside the books: what handlers say they did, to be held against what Roost says. */
export class Ledger {
  private readonly folder = mkdtempSync(join(tmpdir(), 'roost-ledger-'));
  readonly file = join(this.folder, 'ledger');

  lines(): LedgerLine[] {
    if (!existsSync(this.file)) return [];
    // Each line is appended in one write: none is torn.
    return readFileSync(this.file, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => {
        const [kind, id, pid, at, ...words] = line.split(' ') as [LedgerLine['kind'], ...string[]];
        return { kind, id: id!, pid: Number(pid), at: Number(at), word: words.join(' ').trim() };
      });
  }

  /** How often each id has a line of this kind. */
  count(kind: LedgerLine['kind']): Map<string, number> {
    const counts = new Map<string, number>();
    for (const line of this.lines()) {
      if (line.kind === kind) counts.set(line.id, (counts.get(line.id) ?? 0) + 1);
    }
    return counts;
  }

  /** When a task began, ms, each time. */
  startsOf(id: string): LedgerLine[] {
    return this.lines().filter((line) => line.kind === 'S' && line.id === id);
  }

  /** Against the ids a client was told are accepted. */
  audit(acked: Iterable<string>): LedgerFigures {
    const [starts, effects, ends] = (['S', 'X', 'E'] as const).map((kind) => this.count(kind)) as [
      Map<string, number>,
      Map<string, number>,
      Map<string, number>,
    ];
    const ids = [...acked];
    const over = (counts: Map<string, number>) => [...counts.values()].filter((count) => count > 1).length;
    return {
      acked: ids.length,
      neverEnded: ids.filter((id) => !ends.has(id)),
      unknown: [...starts.keys()].filter((id) => !ids.includes(id)).length,
      startedTwice: over(starts),
      extraStarts: [...starts.values()].reduce((sum, count) => sum + count - 1, 0),
      endedTwice: over(ends),
      effectsTwice: over(effects),
    };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export interface LedgerFigures {
  acked: number;
  /** Acknowledged, and no handler ever came to its end. */
  neverEnded: string[];
  /** Run without ever being acknowledged: accepted with the answer lost. */
  unknown: number;
  startedTwice: number;
  /** All starts beyond each task's first. */
  extraStarts: number;
  endedTwice: number;
  /** Effects inside `ctx.once` that happened more than once. */
  effectsTwice: number;
}
