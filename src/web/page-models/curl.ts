import type { TaskView } from '../../contract/task-view.js';
import { type ForeignActsOffered, NONE_OFFERED } from './foreign-acts.js';
import { DELETABLE, PROMOTABLE, RETRYABLE } from './states.js';
import { hasHidden } from '../../contract/redaction.js';
import { isSettled } from '../../contract/states.js';

/** A call of the API as a line for a POSIX shell. */
export interface CurlCommand {
  id: string;
  label: string;
  text: string;
}

/** Longest input in a command line: Linux takes 128 kB an argument, and nobody reads that much. */
const LONGEST_INPUT = 32_000;

const TOKEN = '-H "Authorization: Bearer $ROOST_TOKEN"';

/** Everything that can be done with a task, as it is now, by command line. */
export function toCurls(
  baseUrl: string,
  task: TaskView,
  needsToken = false,
  /** What can be done to a task of another program, as it is in Redis. */
  { retry, promote, remove }: ForeignActsOffered = NONE_OFFERED,
): CurlCommand[] {
  const self = new URL(task.links.self, baseUrl).href;
  const foreign = task.links.self.includes('?');
  const at = (path: string) => quote(self.replace(/(\?|$)/, `${path}$1`));
  const live = !task.kept;
  const all: (CurlCommand | false)[] = [
    { id: 'get', label: 'Look at it', text: `curl -s ${at('')}` },
    live &&
      !isSettled(task.state) &&
      command('cancel', 'Cancel it', `curl -s -X POST ${at('/cancel')}`, { reason: 'not needed any more' }),
    (retry || (live && RETRYABLE.includes(task.state))) && {
      id: 'retry',
      label: 'Retry it',
      text: `curl -s -X POST ${at('/retry')}`,
    },
    (promote || (live && PROMOTABLE.includes(task.state))) && {
      id: 'promote',
      label: 'Run it now',
      text: `curl -s -X POST ${at('/promote')}`,
    },
    !foreign &&
      !task.cut?.includes('input') &&
      !hasHidden(task.input) &&
      task.input !== undefined && {
        id: 'submit',
        label: 'Submit the same again',
        text: submitAgain(baseUrl, task, at('/input')),
      },
    (remove || (!foreign && DELETABLE.includes(task.state))) && {
      id: 'delete',
      label: 'Delete it',
      text: `curl -s -X DELETE ${at('')}`,
    },
  ];
  const curls = all.filter((one): one is CurlCommand => one !== false);
  if (!needsToken) return curls;
  return curls.map((curl) => ({ ...curl, text: curl.text.replaceAll('curl -s ', `curl -s ${TOKEN} `) }));
}

/** The body in the command line, or piped from where it can be had when it is too long for one. */
function submitAgain(baseUrl: string, { type, input }: TaskView, inputUrl: string): string {
  const url = quote(new URL('/api/v1/tasks', baseUrl).href);
  const json = JSON.stringify(input);
  if (json.length <= LONGEST_INPUT) return command('', '', `curl -s ${url}`, { type, input }).text;
  return [
    `{ printf '%s' ${quote(`{"type":${JSON.stringify(type)},"input":`)}`,
    `  curl -s ${inputUrl}`,
    `  printf '}'`,
    `} | curl -s ${url} \\`,
    `  -H 'content-type: application/json' \\`,
    `  --data-binary @-`,
  ].join('\n');
}

function command(id: string, label: string, start: string, body: object): CurlCommand {
  return {
    id,
    label,
    text: `${start} \\\n  -H 'content-type: application/json' \\\n  -d ${quote(JSON.stringify(body))}`,
  };
}

/** Inside single quotes a shell reads nothing but the closing quote. */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
