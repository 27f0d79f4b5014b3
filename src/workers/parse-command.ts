import { RoostError, type FieldProblem } from '../model/errors.js';
import { nearName } from '../model/near-name.js';
import type { CommandName, Commands } from './command.js';

/** Commands that a user or a program may send to a worker. Cancellation is a command of the task instead. */
export const COMMAND_NAMES = [
  'ping',
  'concurrency',
  'autoscale',
  'pause',
  'resume',
  'add-consumer',
  'cancel-consumer',
  'drain',
  'stop',
  'restart-children',
] as const satisfies readonly CommandName[];

export type PublicCommand = (typeof COMMAND_NAMES)[number];

const MAX_REASON_LENGTH = 500;

type Check = (value: unknown, queues: readonly string[]) => string | undefined;

const queue: Check = (value, queues) =>
  (queues as readonly unknown[]).includes(value) ? undefined : `must be one of: ${queues.join(', ')}`;
const slots: Check = (value) =>
  Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 1000
    ? undefined
    : 'must be a whole number from 1 to 1000';
const flag: Check = (value) => (typeof value === 'boolean' ? undefined : 'must be true or false');
const reason: Check = (value) =>
  typeof value === 'string' && value.length <= MAX_REASON_LENGTH
    ? undefined
    : `must be text of at most ${MAX_REASON_LENGTH} characters`;

/** Arguments of each command; `?` marks an optional one. */
const ARGUMENTS: Record<PublicCommand, Record<string, Check>> = {
  ping: {},
  concurrency: { queue, concurrency: slots },
  autoscale: { queue, 'min?': slots, 'max?': slots, 'off?': flag },
  pause: { 'reason?': reason },
  resume: {},
  'add-consumer': { queue, 'concurrency?': slots },
  'cancel-consumer': { queue },
  drain: { 'reason?': reason },
  stop: { 'now?': flag, 'reason?': reason },
  'restart-children': {},
};

/** @throws RoostError NOT_FOUND for a command that does not exist. */
export function parseCommandName(name: string): PublicCommand {
  if ((COMMAND_NAMES as readonly string[]).includes(name)) return name as PublicCommand;
  const near = nearName(name, COMMAND_NAMES);
  throw new RoostError(
    'NOT_FOUND',
    `There is no command \`${name.slice(0, 40)}\`.${near ? ` Did you mean \`${near}\`?` : ''} There are: ${COMMAND_NAMES.join(', ')}.`,
  );
}

/** @throws RoostError REQUEST_INVALID that lists each wrong, missing or unknown argument. */
export function parseCommandArgs<N extends PublicCommand>(
  name: N,
  body: unknown,
  queues: readonly string[],
): Commands[N] {
  const given = (body ?? {}) as Record<string, unknown>;
  const checks = new Map(
    Object.entries(ARGUMENTS[name]).map(([key, check]) => [
      key.replace('?', ''),
      { check, optional: key.endsWith('?') },
    ]),
  );
  const names = [...checks.keys()];
  const problems: FieldProblem[] = [];
  if (typeof given !== 'object' || Array.isArray(given))
    problems.push({ path: 'body', message: 'must be a JSON object' });
  else {
    for (const key of Object.keys(given)) {
      if (!checks.has(key))
        problems.push({ path: key, message: `is not known here. Known: ${names.join(', ') || 'none'}.` });
    }
    for (const [key, { check, optional }] of checks) {
      if (given[key] === undefined && optional) continue;
      const message = given[key] === undefined ? 'is missing' : check(given[key], queues);
      if (message) problems.push({ path: key, message });
    }
    if (name === 'autoscale' && problems.length === 0) problems.push(...rangeProblems(given));
  }
  if (problems.length === 0) return given as Commands[N];
  throw new RoostError(
    'REQUEST_INVALID',
    problems.map(({ path, message }) => `${path} ${message}`).join('; '),
    problems,
  );
}

function rangeProblems({ min, max, off }: Record<string, unknown>): FieldProblem[] {
  if (off === true) return [];
  if (min === undefined || max === undefined) {
    return [
      { path: min === undefined ? 'min' : 'max', message: 'is missing; give min and max, or "off": true' },
    ];
  }
  return (min as number) <= (max as number) ? [] : [{ path: 'min', message: 'must be at most max' }];
}
