import { LIST_PARAMETERS, parameter, SEARCH_PARAMETERS } from '../components.js';
import { reads, writes } from '../operation.js';
import { ref } from '../schema.js';
import { CSV_COLUMNS } from '../../search/task-export.js';

/** Operations that search tasks in the history. */
export const SEARCH_PATHS: Record<string, object> = {
  '/api/v1/tasks': {
    get: reads({
      id: 'listTasks',
      tag: 'Search',
      summary: 'Find tasks',
      description:
        'Searches all tasks within the retention of the history, including those that Redis has dropped and those of other programs on the same Redis. ' +
        'Waits briefly until all earlier events are recorded; if that takes longer, `lagMs` is the delay of the history.',
      parameters: LIST_PARAMETERS,
      answers: { 200: { description: 'A page of tasks.', schema: ref('TaskPage') } },
      errors: ['QUERY_INVALID', 'HISTORY_UNAVAILABLE'],
    }),
  },
  '/api/v1/tasks/suggest': {
    get: reads({
      id: 'suggestTerms',
      tag: 'Search',
      summary: 'Suggest completions of a query',
      description: 'Suggests fields, and values that occur in tasks.',
      parameters: [
        { name: 'q', in: 'query', description: 'The incomplete query.', schema: { type: 'string' } },
        {
          name: 'at',
          in: 'query',
          description: 'Position of the cursor, in UTF-16 units. Default: the end.',
          schema: { type: 'integer', minimum: 0 },
        },
      ],
      answers: { 200: { description: 'Some of them, the likeliest first.', schema: ref('Suggestions') } },
      errors: ['QUERY_INVALID', 'HISTORY_UNAVAILABLE'],
    }),
  },
  '/api/v1/tasks/export': {
    get: reads({
      id: 'exportTasks',
      tag: 'Search',
      summary: 'Export the tasks of a query as a file',
      description:
        'Oldest first, streamed with little memory. Tasks submitted while it runs are left out. ' +
        'If the export fails, the connection ends without the last chunk.',
      parameters: [
        {
          name: 'format',
          in: 'query',
          description:
            '`ndjson`: one TaskView per line, with full input and result. `csv` (RFC 4180): ' +
            `${Object.keys(CSV_COLUMNS).join(', ')}; times ISO 8601 in UTC, input and result JSON. Text that a spreadsheet ` +
            'would execute as a formula has a leading apostrophe.',
          schema: { type: 'string', enum: ['csv', 'ndjson'], default: 'csv' },
        },
        ...SEARCH_PARAMETERS,
        parameter('Reveal'),
      ],
      answers: {
        200: {
          description: 'The file.',
          schema: { type: 'string' },
          contentTypes: ['text/csv', 'application/x-ndjson'],
          headers: {
            'Content-Disposition': { description: 'Name of the file.', schema: { type: 'string' } },
          },
        },
      },
      errors: ['QUERY_INVALID', 'HISTORY_UNAVAILABLE'],
    }),
  },
  '/api/v1/searches': {
    get: reads({
      id: 'listSearches',
      tag: 'Search',
      summary: 'List saved searches',
      answers: { 200: { description: 'All of them, by name.', schema: ref('SearchList') } },
      errors: ['HISTORY_UNAVAILABLE'],
    }),
    post: writes({
      id: 'saveSearch',
      tag: 'Search',
      summary: 'Save a search',
      description:
        'Saved searches are shared by all users. Replaces a search with the same name, ignoring case.',
      body: {
        required: true,
        content: {
          'application/json': {
            schema: ref('SearchRequest'),
            examples: {
              failed: {
                value: { name: 'Failed today', q: 'state:failed created:<24h', columns: ['type', 'error'] },
              },
            },
          },
        },
      },
      answers: {
        200: { description: 'The search replaced one with the same name.', schema: ref('Search') },
        201: {
          description: 'The search was saved.',
          schema: ref('Search'),
          headers: { Location: { description: 'URL of the saved search.', schema: { type: 'string' } } },
        },
      },
      errors: [
        'BODY_MALFORMED',
        'BODY_TOO_LARGE',
        'CONTENT_TYPE_UNSUPPORTED',
        'REQUEST_INVALID',
        'HISTORY_UNAVAILABLE',
      ],
    }),
  },
  '/api/v1/searches/{id}': {
    delete: writes({
      id: 'deleteSearch',
      tag: 'Search',
      summary: 'Delete a saved search',
      description: 'Does not affect the tasks it finds.',
      parameters: [
        {
          name: 'id',
          in: 'path',
          required: true,
          description: 'Id of the search.',
          schema: { type: 'string' },
        },
      ],
      answers: { 204: { description: 'The search was deleted.' } },
      errors: ['NOT_FOUND', 'SEARCH_NOT_FOUND', 'HISTORY_UNAVAILABLE'],
    }),
  },
};
