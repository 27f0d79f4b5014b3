import pinoPretty from 'pino-pretty';

/** A stream that turns JSON log lines into readable ones on standard output, at once: nothing is lost at exit. */
export function pretty(colorize: boolean): NodeJS.WritableStream {
  return pinoPretty({
    sync: true,
    colorize,
    translateTime: 'SYS:HH:MM:ss.l',
    ignore: 'pid,hostname,app,worker',
    singleLine: true,
    messageFormat: '{msg}',
  });
}
