import { createHash } from 'node:crypto';

export interface FailureSeen {
  type: string;
  name: string;
  message: string;
  stack?: string | undefined;
}

/** Of a message; what comes after rarely tells failures apart, and folding stays cheap on what a handler throws. */
const MAX_MESSAGE = 500;
/** Lines of a stack searched for a frame of our own. */
const MAX_FRAMES = 60;
const MAX_FRAME_LENGTH = 400;

/** In this order: what is folded first is not seen by the later ones. Each is linear in the text. */
const FOLDS: readonly (readonly [RegExp, string])[] = [
  [/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi, '<id>'],
  // An apostrophe inside a word begins no quotation.
  [/(?<![\p{L}\p{N}])(["'`])(?:(?!\1)[^\n])*\1/gu, '<text>'],
  [/\b\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?)?/g, '<time>'],
  [/\b(?:0x[0-9a-f]+|(?=[0-9a-z]{0,63}\d)[0-9a-z]{16,64})\b/gi, '<id>'],
  [/\b(?=[a-f]{0,15}\d)[0-9a-f]{8,15}\b/gi, '<id>'],
  [/\d+(?:[.,:]\d+)*/g, '<n>'],
  [/\s+/g, ' '],
];

/** The message with what differs from one failure of a kind to the next taken out: numbers, ids, times, quoted text. */
export function foldMessage(message: string): string {
  let folded = message.slice(0, MAX_MESSAGE);
  for (const [pattern, name] of FOLDS) folded = folded.replace(pattern, name);
  return folded.trim();
}

/**
 * The first frame outside of packages and of Node itself, else the first of all; without line numbers, which move
 * with every change, and with no more of the path than tells files apart.
 */
export function topFrame(stack: string | undefined): string {
  if (!stack) return '';
  const frames: string[] = [];
  for (const line of stack.split('\n', MAX_FRAMES + 20)) {
    if (!/^\s{0,20}at /.test(line)) continue;
    frames.push(line.trim().slice(3, MAX_FRAME_LENGTH));
    if (frames.length === MAX_FRAMES) break;
  }
  const own = frames.find((frame) => !/node_modules|\bnode:|<anonymous>|\bnative\b/.test(frame));
  return plainFrame(own ?? frames[0] ?? '');
}

function plainFrame(frame: string): string {
  const open = frame.lastIndexOf('(');
  const name =
    open > 0
      ? frame
          .slice(0, open)
          .trim()
          .replace(/^async /, '')
      : '';
  const place = (open > 0 ? frame.slice(open + 1).replace(/\)$/, '') : frame.replace(/^async /, ''))
    .replace(/(?::\d+){1,2}$/, '')
    .split('?', 1)[0]!
    .replaceAll('\\', '/');
  const file = place.split('/').slice(-3).join('/');
  return name ? `${name} (${file})` : file;
}

/** 16 hex characters: the same for failures of one kind. Unlike the type or the message it does not grow stale in a URL. */
export function errorFingerprint({ type, name, message, stack }: FailureSeen): string {
  const parts = [type, name, foldMessage(message), topFrame(stack)];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
}
