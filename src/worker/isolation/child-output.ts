import type { Readable } from 'node:stream';

/** Maximum rate of console lines. Beyond it the writing child waits; no line is lost. */
const MAX_LINES_PER_SECOND = 1000;
/** Maximum length of a line in characters. Longer lines are logged in pieces. */
const MAX_LINE_LENGTH = 4000;
/** Characters of the latest output that are stored: they may show why the process died. */
const MAX_TAIL_LENGTH = 16_000;

/** Splits the console output of a child into lines. */
export class ChildOutput {
  tail = '';
  private rest = '';
  private resumeTimer: NodeJS.Timeout | undefined;

  constructor(
    private readonly stream: Readable,
    private readonly onLine: (line: string) => void,
  ) {
    stream.setEncoding('utf8').on('data', (text: string) => this.append(text));
    stream.on('error', () => undefined);
    stream.on('close', () => this.finish());
  }

  /** Reads the rest without rate limit: the child has ended, and a pipe holds little. */
  drain(): void {
    clearTimeout(this.resumeTimer);
    this.resumeTimer = undefined;
    this.stream.resume();
  }

  private append(text: string): void {
    this.tail = (this.tail + text).slice(-MAX_TAIL_LENGTH);
    const lines = (this.rest + text).split('\n');
    this.rest = lines.pop() ?? '';
    let pieces = 0;
    for (const line of lines) pieces += this.emitLine(line);
    if (this.rest.length > MAX_LINE_LENGTH) {
      pieces += this.emitLine(this.rest);
      this.rest = '';
    }
    const pauseMs = (pieces / MAX_LINES_PER_SECOND) * 1000;
    // A short pause is not worth a timer.
    if (pauseMs < 50 || this.resumeTimer) return;
    this.stream.pause();
    this.resumeTimer = setTimeout(() => this.drain(), pauseMs);
  }

  private emitLine(line: string): number {
    let pieces = 0;
    for (let at = 0; at < Math.max(1, line.length); at += MAX_LINE_LENGTH) {
      const piece = line.slice(at, at + MAX_LINE_LENGTH).trimEnd();
      if (piece !== '') this.onLine(piece);
      pieces++;
    }
    return pieces;
  }

  private finish(): void {
    clearTimeout(this.resumeTimer);
    if (this.rest !== '') this.emitLine(this.rest);
    this.rest = '';
  }
}
