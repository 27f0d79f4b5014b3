import { createHash } from 'node:crypto';
import { rootCause } from '../model/failure.js';
import type { TaskFailure } from '../model/task-view.js';

/** `type`: the task type. */
export type FailureSeen = TaskFailure & { type: string };

/**
 * Maximum message length, characters. Later text rarely distinguishes failures, and the limit bounds the cost for any
 * message.
 */
const MAX_MESSAGE = 500;
/** Lines of a stack searched for a frame of our own. */
const MAX_FRAMES = 60;
const MAX_FRAME_LENGTH = 400;

/**
 * Applied in this order: later patterns do not see text folded by earlier ones. Each runs in time linear in the text.
 */
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

/** Replaces the variable parts of a message: numbers, ids, times and quoted text. */
export function foldMessage(message: string): string {
  let folded = message.slice(0, MAX_MESSAGE);
  for (const [pattern, name] of FOLDS) folded = folded.replace(pattern, name);
  return folded.trim();
}

/**
 * Returns the first frame outside packages and Node itself, else the first frame. Omits line numbers, which move with
 * every change, and shortens the path to the part that distinguishes files.
 */
export function topFrame(stack: string | undefined): string {
  return plainFrame(findTopFrame(stack));
}

function findTopFrame(stack: string | undefined): string {
  const frames = framesOf(stack);
  return frames.find(isOwn) ?? frames[0] ?? '';
}

/**
 * Returns the frame of the root cause. Falls back to the frame of the error it caused when it has none of our own, as
 * with socket errors.
 */
export function rootFrame(failure: TaskFailure): string {
  return plainFrame(findRootFrame(failure));
}

function findRootFrame(failure: TaskFailure): string {
  const root = rootCause(failure);
  let own: string | undefined;
  for (let one: TaskFailure | undefined = failure; one; one = one.cause ?? one.errors?.[0])
    own = framesOf(one.stack).find(isOwn) ?? own;
  return own ?? findTopFrame(root.stack ?? failure.stack);
}

/**
 * Returns 16 hex characters, equal for failures with the same type and root cause. Unlike the type or the message it
 * stays valid in a URL.
 */
const NAMELESS = /^(async )?<anonymous> (?=\()/;

function isOwn(frame: string): boolean {
  return !/node_modules|[\\/]bundle[\\/]chunks[\\/]|\bnode:|<anonymous>|\bnative\b/.test(
    frame.replace(NAMELESS, ''),
  );
}

/**
 * The frame as it was without source maps: of the compiled file. Fingerprints of earlier versions, and of processes
 * that run without maps, stay the same by it.
 */
function compiledFrame(frame: string): string {
  const compiled = frame.replace(/\.([cm]?)tsx?(?=[:)]|$)/, '.$1js');
  return compiled === frame ? frame : compiled.replace(/^(.*[\\/])src(?=[\\/])/, '$1dist');
}

function framesOf(stack: string | undefined): string[] {
  if (!stack) return [];
  const frames: string[] = [];
  for (const line of stack.split('\n', MAX_FRAMES + 20)) {
    if (!/^\s{0,20}at /.test(line)) continue;
    frames.push(line.trim().slice(3, MAX_FRAME_LENGTH));
    if (frames.length === MAX_FRAMES) break;
  }
  return frames;
}

function plainFrame(line: string): string {
  const frame = line.replace(NAMELESS, '');
  const open = frame.lastIndexOf('(');
  const name =
    open > 0
      ? frame
          .slice(0, open)
          .trim()
          .replace(/^async /, '')
      : '';
  const place = (open >= 0 ? frame.slice(open + 1).replace(/\)$/, '') : frame.replace(/^async /, ''))
    .replace(/(?::\d+){1,2}$/, '')
    .split('?', 1)[0]!
    .replaceAll('\\', '/');
  const file = place.split('/').slice(-3).join('/');
  return name ? `${name} (${file})` : file;
}

/**
 * 16 hex characters: the same for failures of one kind, by their last cause. Unlike the type or the message it does not
 * grow stale in a URL.
 */
export function errorFingerprint({ type, ...failure }: FailureSeen): string {
  const { name, message } = rootCause(failure);
  const frame = plainFrame(compiledFrame(findRootFrame(failure)));
  const parts = [type, name, foldMessage(message), frame];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
}
