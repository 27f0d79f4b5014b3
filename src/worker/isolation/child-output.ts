import type { Readable } from 'node:stream';

/** A flood of console output is held back to this: the writing child waits, nothing is lost. */
const LINES_PER_SECOND = 1000;
/** Longer lines are told in pieces, in characters. */
const MAX_LINE = 4000;
/** Kept of what was said last, in characters: it may tell why the process died. */
const TAIL = 16_000;

/** The console of a child, line by line. */
export class ChildOutput {
  tail = '';
  private rest = '';
  private resumeTimer: NodeJS.Timeout | undefined;

  constructor(
    private readonly stream: Readable,
    private readonly onLine: (line: string) => void,
  ) {
    stream.setEncoding('utf8').on('data', (text: string) => this.take(text));
    stream.on('error', () => undefined);
    stream.on('close', () => this.finish());
  }

  /** The child is gone: what is still in the pipe is little, and need not wait. */
  drain(): void {
    clearTimeout(this.resumeTimer);
    this.resumeTimer = undefined;
    this.stream.resume();
  }

  private take(text: string): void {
    this.tail = (this.tail + text).slice(-TAIL);
    const lines = (this.rest + text).split('\n');
    this.rest = lines.pop() ?? '';
    let told = 0;
    for (const line of lines) told += this.tell(line);
    if (this.rest.length > MAX_LINE) {
      told += this.tell(this.rest);
      this.rest = '';
    }
    const pauseMs = (told / LINES_PER_SECOND) * 1000;
    // Small amounts are not worth a timer.
    if (pauseMs < 50 || this.resumeTimer) return;
    this.stream.pause();
    this.resumeTimer = setTimeout(() => this.drain(), pauseMs);
  }

  private tell(line: string): number {
    let told = 0;
    for (let at = 0; at < Math.max(1, line.length); at += MAX_LINE) {
      const piece = line.slice(at, at + MAX_LINE).trimEnd();
      if (piece !== '') this.onLine(piece);
      told++;
    }
    return told;
  }

  private finish(): void {
    clearTimeout(this.resumeTimer);
    if (this.rest !== '') this.tell(this.rest);
    this.rest = '';
  }
}
