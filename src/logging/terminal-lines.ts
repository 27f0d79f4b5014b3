import pinoPretty from 'pino-pretty';

/** What would end a line or move the cursor, and so could forge a line or hide one. */
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;

/** A stream that turns JSON log lines into readable ones on standard output, at once: nothing is lost at exit. */
export function pretty(colorize: boolean): NodeJS.WritableStream {
  return pinoPretty({
    sync: true,
    colorize,
    translateTime: 'SYS:HH:MM:ss.l',
    ignore: 'pid,hostname,app,worker',
    singleLine: true,
    // Names come from whoever can write to Redis.
    messageFormat: (line, key) => onOneLine(String(line[key] ?? '')),
  });
}

/** With control characters written out, as in a string of JSON. */
export function onOneLine(text: string): string {
  return text.replaceAll(CONTROL, (character) => {
    const code = character.charCodeAt(0);
    return `\\u${code.toString(16).padStart(4, '0')}`;
  });
}
