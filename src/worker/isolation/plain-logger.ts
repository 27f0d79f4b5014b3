import type { LoggerService } from '@nestjs/common';

/** Nest's logger for handlers in a child: plain lines, which the worker writes to its log. */
export class PlainLogger implements LoggerService {
  log = (message: unknown, ...more: unknown[]): void => write(process.stdout, message, more);
  debug = this.log;
  verbose = this.log;
  warn = (message: unknown, ...more: unknown[]): void => write(process.stderr, message, more);
  error = this.warn;
  fatal = this.warn;
}

/** The last of `more` is the name of the context, if Nest passes one; a stack comes before it. */
function write(stream: NodeJS.WriteStream, message: unknown, more: unknown[]): void {
  const [context, ...rest] = more.reverse();
  const text = [message, ...rest]
    .map((part) => (part instanceof Error ? part.stack : String(part)))
    .join('\n');
  stream.write(`${typeof context === 'string' ? `${context}: ` : ''}${text}\n`);
}
