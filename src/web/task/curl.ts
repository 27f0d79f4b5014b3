import { timeoutsOf } from '../../bullmq/codec/to-task-view.js';
import type { TaskView } from '../../model/task-view.js';
import { isForeignView, type OfferedActs } from '../kit/offered-acts.js';
import { toJson } from '../../model/lenient-json.js';
import { hasHidden } from '../../platform/redaction/redaction.js';

/** API call as a line for a POSIX shell. */
export interface CurlCommand {
  id: string;
  label: string;
  text: string;
}

/** Maximum length of an input in a command line, in characters. Linux allows 128 kB per argument. */
const MAX_INPUT_LENGTH = 32_000;

const TOKEN = '-H "Authorization: Bearer $ROOST_TOKEN"';

/** Lists the API calls for everything that can be done with a task in its current state. */
export function toCurls(
  baseUrl: string,
  task: TaskView,
  offered: OfferedActs,
  needsToken = false,
): CurlCommand[] {
  const self = new URL(task.links.self, baseUrl).href;
  const at = (path: string) => quote(self.replace(/(\?|$)/, `${path}$1`));
  const all: (CurlCommand | false)[] = [
    { id: 'get', label: 'Read it', text: `curl -s ${at('')}` },
    offered.cancel &&
      command('cancel', 'Cancel it', `curl -s -X POST ${at('/cancel')}`, { reason: 'not needed any more' }),
    offered.retry && {
      id: 'retry',
      label: 'Retry it',
      text: `curl -s -X POST ${at('/retry')}`,
    },
    offered.promote !== false && {
      id: 'promote',
      label: offered.promote === 'copy' ? 'Run a copy of it now' : 'Run it now',
      text: `curl -s -X POST ${at('/promote')}`,
    },
    !isForeignView(task) &&
      !task.cut?.includes('input') &&
      !hasHidden(task.input) &&
      task.input !== undefined && {
        id: 'submit',
        label: 'Submit the same again',
        text: submitAgain(baseUrl, task, at('/input')),
      },
    offered.remove && {
      id: 'delete',
      label: 'Delete it',
      text: `curl -s -X DELETE ${at('')}`,
    },
  ];
  const curls = all.filter((one): one is CurlCommand => one !== false);
  if (!needsToken) return curls;
  return curls.map((curl) => ({ ...curl, text: curl.text.replaceAll('curl -s ', `curl -s ${TOKEN} `) }));
}

/** Returns the body as an argument, or piped from the API if it is too long for one. */
function submitAgain(baseUrl: string, { type, input, ...task }: TaskView, inputUrl: string): string {
  const limits = timeoutsOf(task);
  const options = Object.keys(limits).length > 0 ? { options: limits } : {};
  const url = quote(new URL('/api/v1/tasks', baseUrl).href);
  const json = toJson(input);
  if (json.length <= MAX_INPUT_LENGTH)
    return command('', '', `curl -s ${url}`, { type, input, ...options }).text;
  return [
    `{ printf '%s' ${quote(`{"type":${JSON.stringify(type)},"input":`)}`,
    `  curl -s ${inputUrl}`,
    `  printf '%s' ${quote(
      `${JSON.stringify(options)
        .slice(1, -1)
        .replace(/^(?=.)/, ',')}}`,
    )}`,
    `} | curl -s ${url} \\`,
    `  -H 'content-type: application/json' \\`,
    `  --data-binary @-`,
  ].join('\n');
}

function command(id: string, label: string, start: string, body: object): CurlCommand {
  return {
    id,
    label,
    text: `${start} \\\n  -H 'content-type: application/json' \\\n  -d ${quote(toJson(body))}`,
  };
}

/** Quotes for a shell, which interprets nothing but the closing quote inside single quotes. */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
