import type { WorkerReply, WorkerView } from '../../workers/workers.openapi.js';
import { formatNumber, plural } from '../kit/format.js';
import { toWorkerHref } from './workers-page.js';

/** Commands that one form can send to several workers. */
export const FLEET_COMMANDS = ['ping', 'resume', 'restart-children', 'pause', 'drain', 'stop'] as const;
export type FleetCommand = (typeof FLEET_COMMANDS)[number];

/** Commands that ask for confirmation. */
export const CONFIRMED_COMMANDS: readonly FleetCommand[] = ['pause', 'drain', 'stop'];

export interface ConfirmPage {
  command: FleetCommand;
  title: string;
  what: string;
  button: string;
  workers: { id: string; name: string; href: string; status: string; icon?: string; active: number }[];
  running: number;
  /** Number of selected workers that no longer exist. */
  missing: number;
  mayBeNow: boolean;
  back: string;
}

export interface Replies {
  title: string;
  items: {
    elementId: string;
    name: string;
    href: string;
    tone: 'done' | 'refused' | 'silent';
    icon: string;
    word: string;
    text: string;
  }[];
  /** Text such as `2 done, 1 refused`. */
  summary: string;
}

const WORDS: Record<FleetCommand, { verb: string; what: string }> = {
  ping: { verb: 'Ping', what: 'Answers, or does not.' },
  resume: { verb: 'Resume', what: 'Takes tasks again.' },
  'restart-children': {
    verb: 'Restart the isolated children of',
    what: 'Idle children at once, busy ones when their task is done.',
  },
  pause: {
    verb: 'Pause',
    what: 'Starts no new tasks until it is resumed; running tasks finish. Other workers continue.',
  },
  drain: {
    verb: 'Drain',
    what: 'Starts no new tasks, waits for running ones without a time limit, and exits. To undo it, start the worker again.',
  },
  stop: {
    verb: 'Stop',
    what: 'Starts no new tasks and exits. Running tasks have SHUTDOWN_TIMEOUT_MS to finish; another worker runs the rest again.',
  },
};

export function isFleetCommand(name: string | undefined): name is FleetCommand {
  return (FLEET_COMMANDS as readonly (string | undefined)[]).includes(name);
}

export function toConfirmPage(
  command: FleetCommand,
  chosen: WorkerView[],
  missing: number,
  back: string,
): ConfirmPage {
  const { verb, what } = WORDS[command];
  const button = `${verb} ${plural(chosen.length, 'worker')}`;
  return {
    command,
    title: `${button}?`,
    what,
    button,
    workers: chosen.map(({ id, name, status, active }) => ({
      id,
      name,
      href: toWorkerHref(id),
      status,
      active,
    })),
    running: chosen.reduce((sum, { active }) => sum + active, 0),
    missing,
    mayBeNow: command === 'stop',
    back,
  };
}

/** Lists the answer of each worker, and reports selected workers that had left. */
export function toReplies(
  command: FleetCommand,
  answers: WorkerReply[],
  left: { id: string; name: string }[],
): Replies {
  const items = [
    ...answers.map((answer) => ({ ...base(answer), ...outcome(command, answer) })),
    ...left.map((worker) => ({
      ...base(worker),
      tone: 'silent' as const,
      icon: 'unplug',
      word: 'not asked',
      text: 'It is offline.',
    })),
  ];
  const words = ['done', 'refused', 'no answer', 'not asked']
    .map((word) => ({ word, count: items.filter((item) => item.word === word).length }))
    .filter(({ count }) => count > 0);
  return {
    title: `${WORDS[command].verb} ${plural(items.length, 'worker')}`,
    items,
    summary: words.map(({ word, count }) => `${formatNumber(count)} ${word}`).join(', '),
  };
}

/** Describes in one sentence the effect of the command on a worker. */
export function toDoneLabel(command: FleetCommand, result: Record<string, unknown> = {}): string {
  const running = Number(result.stillRunning ?? 0);
  const rest = running > 0 ? `; ${plural(running, 'task')} still ${running === 1 ? 'runs' : 'run'}` : '';
  switch (command) {
    case 'ping':
      return 'It answered.';
    case 'resume':
      return 'It takes tasks again.';
    case 'pause':
      return `It starts nothing new${rest}.`;
    case 'drain':
      return running > 0
        ? `It starts nothing new${rest}, then it ends.`
        : 'It had nothing to do and ends now.';
    case 'stop':
      return result.now === true
        ? `It ends at once${rest && `: ${plural(running, 'task')} will run again elsewhere`}.`
        : `It is stopping${rest}.`;
    case 'restart-children': {
      const [ended, later] = [Number(result.ended ?? 0), Number(result.later ?? 0)];
      return `${plural(ended, 'child', 'children')} ended, ${formatNumber(later)} more when their task is done.`;
    }
  }
}

function base({ id, name }: { id: string; name: string }) {
  return { elementId: `reply-${id}`, name, href: toWorkerHref(id) };
}

function outcome(command: FleetCommand, answer: WorkerReply) {
  if (answer.ok)
    return { tone: 'done' as const, icon: 'check', word: 'done', text: toDoneLabel(command, answer.result) };
  if (answer.silent)
    return { tone: 'silent' as const, icon: 'unplug', word: 'no answer', text: answer.why ?? '' };
  return { tone: 'refused' as const, icon: 'x', word: 'refused', text: sentence(answer.why ?? '') };
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1).replace(/\.?$/, '.')}`;
}
