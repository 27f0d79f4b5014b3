import type { FleetAnswer } from '../../fleet/fleet.service.js';
import type { WorkerView } from '../../fleet/worker-view.js';
import { formatNumber, plural } from './format.js';
import { toWorkerHref } from './workers-page.js';

/** Commands that one form can give to several workers. */
export const FLEET_COMMANDS = ['ping', 'resume', 'restart-children', 'pause', 'drain', 'stop'] as const;
export type FleetCommand = (typeof FLEET_COMMANDS)[number];

/** Those that ask first. */
export const ASKING: readonly FleetCommand[] = ['pause', 'drain', 'stop'];

export interface ConfirmPage {
  command: FleetCommand;
  title: string;
  what: string;
  button: string;
  workers: { id: string; name: string; href: string; status: string; icon?: string; active: number }[];
  running: number;
  /** Chosen, but not there any more. */
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
  /** `2 done, 1 refused` */
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
    what: 'Takes nothing new until somebody resumes it; what runs is finished. Other workers go on.',
  },
  drain: {
    verb: 'Drain',
    what: 'Takes nothing new, finishes what runs however long that takes, and ends. There is no way back but starting it again.',
  },
  stop: {
    verb: 'Stop',
    what: 'Takes nothing new and ends. What runs has the time of SHUTDOWN_TIMEOUT_MS to finish; what does not is run again by another worker.',
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

/** What each of them said; those that were chosen and had left by then are told as such. */
export function toReplies(
  command: FleetCommand,
  answers: FleetAnswer[],
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

/** In one sentence what a worker did. */
export function toDoneWords(command: FleetCommand, result: Record<string, unknown> = {}): string {
  const running = Number(result.stillRunning ?? 0);
  const rest = running > 0 ? `; ${plural(running, 'task')} still ${running === 1 ? 'runs' : 'run'}` : '';
  switch (command) {
    case 'ping':
      return 'It answered.';
    case 'resume':
      return 'It takes tasks again.';
    case 'pause':
      return `It takes nothing new${rest}.`;
    case 'drain':
      return running > 0
        ? `It takes nothing new${rest}, then it ends.`
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

function outcome(command: FleetCommand, answer: FleetAnswer) {
  if (answer.ok)
    return { tone: 'done' as const, icon: 'check', word: 'done', text: toDoneWords(command, answer.result) };
  if (answer.silent)
    return { tone: 'silent' as const, icon: 'unplug', word: 'no answer', text: answer.why ?? '' };
  return { tone: 'refused' as const, icon: 'x', word: 'refused', text: sentence(answer.why ?? '') };
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1).replace(/\.?$/, '.')}`;
}
