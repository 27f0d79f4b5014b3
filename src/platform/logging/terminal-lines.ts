import pinoPretty from 'pino-pretty';

/** Characters that end a line or move the cursor, and could forge or hide lines. */
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;

/** Returns a stream that prints JSON log lines in readable form, synchronously: nothing is lost at exit. */
export function pretty(colorize: boolean): NodeJS.WritableStream {
  return pinoPretty({
    sync: true,
    colorize,
    translateTime: 'SYS:HH:MM:ss.l',
    ignore: 'pid,hostname,app,worker',
    singleLine: true,
    // Names come from any client with write access to Redis.
    messageFormat: (line, key) => onOneLine(String(line[key] ?? '')),
  });
}

/** Escapes control characters as in JSON strings. */
export function onOneLine(text: string): string {
  return text.replaceAll(CONTROL, (character) => {
    const code = character.charCodeAt(0);
    return `\\u${code.toString(16).padStart(4, '0')}`;
  });
}
