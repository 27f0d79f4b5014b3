// Terminal output of the scripts: one aligned line per step, with its time, and one form for every failure.
import { clearLine, cursorTo } from 'node:readline';
import { styleText } from 'node:util';

const live = Boolean(process.stdout.isTTY) && process.env.TERM !== 'dumb';
export const coloured = !process.env.NO_COLOR && (live || Boolean(process.env.FORCE_COLOR));

// The terminal may be gone (closed window, broken pipe) while there is still work to end properly.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

const paint = (style, text) => (coloured ? styleText(style, text) : text);
export const dim = (text) => paint('dim', text);
export const bold = (text) => paint('bold', text);
export const green = (text) => paint('green', text);
export const red = (text) => paint('red', text);
export const yellow = (text) => paint('yellow', text);

const NAME_WIDTH = 10;
const TEXT_WIDTH = 52;
const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const SPIN_MS = 100;
/** Without a terminal to redraw, a line this often shows that a long step is alive. */
const STILL_MS = 10_000;

/** A failure with a message for the user: the fault, and lines with the fix. */
export class Halt extends Error {
  constructor(message, cure = [], exitCode = 1) {
    super(message);
    this.cure = [cure].flat();
    this.exitCode = exitCode;
  }
}

export const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;

function row(mark, name, text, ms) {
  const time = ms === undefined ? '' : dim(seconds(ms).padStart(7));
  return `  ${mark} ${bold(name.padEnd(NAME_WIDTH))} ${text.padEnd(ms === undefined ? 0 : TEXT_WIDTH)} ${time}`.trimEnd();
}

/** Draws the line of the current step, on a terminal. */
let drawStep;

/** Ends the line of the current step; the caller ends its work. */
let abandon;
export const abandonStep = () => abandon?.();

function wipe() {
  if (!drawStep) return;
  cursorTo(process.stdout, 0);
  clearLine(process.stdout, 0);
}

let lastWasBlank = false;

/** A whole line; one that is being drawn stays below it. */
export function print(text = '', stream = process.stdout) {
  wipe();
  lastWasBlank = text === '' || text.endsWith('\n');
  stream.write(`${text}\n`);
  drawStep?.();
}

/** Prints a line about an event while running. */
export function note(text) {
  print(`  ${yellow('!')} ${text}`);
}

/**
 * Runs one step and prints its line. `work` gets a function that changes the words shown while it runs, and
 * returns the words of the finished line. On a terminal the line is redrawn in place, else it is printed twice.
 */
export async function step(name, doing, work) {
  const startedAt = Date.now();
  let words = doing;
  let frame = 0;
  const draw = () => {
    wipe();
    const room = (process.stdout.columns || 80) - NAME_WIDTH - 14;
    const mark = SPINNER[frame++ % SPINNER.length];
    process.stdout.write(row(mark, name, dim(words.slice(0, room)), Date.now() - startedAt));
  };
  const still = () => print(row('·', name, `still ${words}`, Date.now() - startedAt));
  // A step that takes a moment only needs no second line in a log file.
  const announce = live ? undefined : setTimeout(() => print(row('·', name, `${words} ...`)), 300);
  const pulse = setInterval(live ? draw : still, live ? SPIN_MS : STILL_MS);
  let finished = false;
  const finish = (line) => {
    if (finished) return;
    finished = true;
    clearInterval(pulse);
    clearTimeout(announce);
    wipe();
    drawStep = undefined;
    print(line);
  };
  abandon = () => finish(row(dim('·'), name, dim('interrupted'), Date.now() - startedAt));
  if (live) {
    drawStep = draw;
    draw();
  }
  try {
    const done = await work((text) => (words = text));
    finish(row(green('✓'), name, done ?? '', Date.now() - startedAt));
  } catch (error) {
    finish(row(red('✗'), name, words, Date.now() - startedAt));
    throw error;
  }
}

/** Prints a failure: a Halt by its message, anything else as a fault of Roost's. */
export function printFailure(error) {
  const lines =
    error instanceof Halt
      ? [error.message, ...(error.cure.length ? ['', ...error.cure.map((line) => line && `  ${line}`)] : [])]
      : ['A fault in the scripts of Roost:', '', ...String(error?.stack ?? error).split('\n')];
  const [first, ...rest] = lines.flatMap((line) => line.split('\n'));
  const text = [`  ${red('✗')} ${first}`, ...rest.map((line) => (line ? `    ${line}` : ''))].join('\n');
  print(`${lastWasBlank ? '' : '\n'}${text}\n`, process.stderr);
  return error instanceof Halt ? error.exitCode : 1;
}
