import { SORT_FIELDS } from '../history/query/query-ast.js';
import * as s from '../model/schema.js';
import { TASK_STATES } from '../model/states.js';
import { TaskPage } from '../model/task-view.js';
import { FILE, paging, parameter, query } from '../openapi/components.js';
import { operations } from '../openapi/operation.js';
import { Suggestions } from '../search/search.openapi.js';
import { CSV_COLUMNS } from '../search/task-export.js';

/** Search parameters of a list or an export, joined by AND. */
const SEARCH = [
  query(
    'q',
    'A query: words, `field:value`, `input.user.id:>3`, AND, OR, NOT, parentheses. `/tasks` has a table of the language. ' +
      'An error reports its `column`.',
    { type: 'string', maxLength: 2048, examples: ['state:failed type:divide input.x:>10 -tag:nightly'] },
  ),
  query('state', `One or several states, separated by commas: ${TASK_STATES.join(', ')}. Default: all.`),
  query(
    'type',
    'Only tasks of this type; `di*` matches a prefix. The same applies to queue, worker and tag.',
  ),
  query('queue', 'Only tasks of this queue. Queues of other programs have their prefix: `bull:mail`.'),
  query('worker', 'Only tasks whose last attempt this worker ran.'),
  query('tag', 'Only tasks with this tag.'),
  query('from', 'Created at or after this time: a date (UTC without a zone) or an age such as `1h`.'),
  query('to', 'Created at or before this time.'),
];

const errors = ['QUERY_INVALID', 'HISTORY_UNAVAILABLE'] as const;

export const TASK_SEARCH_API = operations('Search', {
  'GET /api/v1/tasks': {
    id: 'listTasks',
    summary: 'Find tasks',
    description:
      'Searches all tasks within the retention of the history, including those that Redis has dropped and those of other programs on the same Redis. ' +
      'Waits briefly until all earlier events are recorded; if that takes longer, `lagMs` is the delay of the history.',
    parameters: [
      ...SEARCH,
      query('sort', 'Sort field; a leading `-` sorts in descending order.', {
        type: 'string',
        enum: SORT_FIELDS.flatMap((field) => [field, `-${field}`]),
        default: '-created',
      }),
      ...paging('tasks', 200, 50, { maxLength: 1000 }),
    ],
    answers: { 200: ['A page of tasks.', TaskPage] },
    errors,
  },
  'GET /api/v1/tasks/suggest': {
    id: 'suggestTerms',
    summary: 'Suggest completions of a query',
    description: 'Suggests fields, and values that occur in tasks.',
    parameters: [
      query('q', 'The incomplete query.'),
      query('at', 'Position of the cursor, in UTF-16 units. Default: the end.', {
        type: 'integer',
        minimum: 0,
      }),
    ],
    answers: { 200: ['Some of them, the likeliest first.', Suggestions] },
    errors,
  },
  'GET /api/v1/tasks/export': {
    id: 'exportTasks',
    summary: 'Export the tasks of a query as a file',
    description:
      'Oldest first, streamed with little memory. Tasks submitted while it runs are left out. ' +
      'If the export fails, the connection ends without the last chunk.',
    parameters: [
      query(
        'format',
        '`ndjson`: one TaskView per line, with full input and result. `csv` (RFC 4180): ' +
          `${Object.keys(CSV_COLUMNS).join(', ')}; times ISO 8601 in UTC, input and result JSON. Text that a spreadsheet ` +
          'would execute as a formula has a leading apostrophe.',
        { type: 'string', enum: ['csv', 'ndjson'], default: 'csv' },
      ),
      ...SEARCH,
      parameter('Reveal'),
    ],
    answers: { 200: ['The file.', s.string(), FILE] },
    errors,
  },
});
