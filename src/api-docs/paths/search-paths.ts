import { LIST_PARAMETERS, parameter, SEARCH_PARAMETERS } from '../components.js';
import { reads, writes } from '../operation.js';
import { ref } from '../schema.js';
import { CSV_COLUMNS } from '../../search/task-export.js';

/** Finding tasks in the history. */
export const SEARCH_PATHS: Record<string, object> = {
  '/api/v1/tasks': {
    get: reads({
      id: 'listTasks',
      tag: 'Search',
      summary: 'Find tasks',
      description:
        'All that was ever handed in and is not forgotten yet, also what Redis has dropped and what other programs have on the same Redis. ' +
        'What was written before the call is in it; where that would take longer than a moment, `lagMs` says how far it is behind.',
      parameters: LIST_PARAMETERS,
      answers: { 200: { description: 'A page of tasks.', schema: ref('TaskPage') } },
      errors: ['QUERY_INVALID', 'HISTORY_UNAVAILABLE'],
    }),
  },
  '/api/v1/tasks/suggest': {
    get: reads({
      id: 'suggestTerms',
      tag: 'Search',
      summary: 'What could be written next in a query',
      description: 'Fields, and the values that tasks really have.',
      parameters: [
        { name: 'q', in: 'query', description: 'The query so far.', schema: { type: 'string' } },
        {
          name: 'at',
          in: 'query',
          description: 'Where the cursor stands in it, in UTF-16 units; its end, if left out.',
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
      summary: 'All tasks of a query as a file',
      description:
        'Oldest first, streamed: as long as it takes, with little memory on both sides. What is handed in while it runs is left out. ' +
        'A file that breaks off is one whose connection ends without the last chunk.',
      parameters: [
        {
          name: 'format',
          in: 'query',
          description:
            '`ndjson`: a TaskView a line, bodies whole. `csv` (RFC 4180): ' +
            `${Object.keys(CSV_COLUMNS).join(', ')}; times ISO 8601 in UTC, input and result JSON. Text that a spreadsheet ` +
            'would take for a formula has an apostrophe before it.',
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
          headers: { 'Content-Disposition': { description: 'Its name.', schema: { type: 'string' } } },
        },
      },
      errors: ['QUERY_INVALID', 'HISTORY_UNAVAILABLE'],
    }),
  },
  '/api/v1/searches': {
    get: reads({
      id: 'listSearches',
      tag: 'Search',
      summary: 'Saved searches',
      answers: { 200: { description: 'All of them, by name.', schema: ref('SearchList') } },
      errors: ['HISTORY_UNAVAILABLE'],
    }),
    post: writes({
      id: 'saveSearch',
      tag: 'Search',
      summary: 'Give a query a name',
      description: 'For everybody who uses this Roost. One of the same name, in any case, is replaced.',
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
        200: { description: 'It took the place of one of this name.', schema: ref('Search') },
        201: {
          description: 'It is saved.',
          schema: ref('Search'),
          headers: { Location: { description: 'Its address.', schema: { type: 'string' } } },
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
      description: 'Its tasks are not touched.',
      parameters: [
        {
          name: 'id',
          in: 'path',
          required: true,
          description: 'Id of the search.',
          schema: { type: 'string' },
        },
      ],
      answers: { 204: { description: 'It is gone.' } },
      errors: ['NOT_FOUND', 'SEARCH_NOT_FOUND', 'HISTORY_UNAVAILABLE'],
    }),
  },
};
