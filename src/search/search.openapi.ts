import * as s from '../model/schema.js';
import { pathParameter } from '../openapi/components.js';
import { json, operations } from '../openapi/operation.js';
import { TASK_COLUMNS } from './task-columns.js';

const columns = s.optional(
  s.list(s.oneOf(TASK_COLUMNS), 'Columns of the list, where they differ from the default.'),
);

const Search = s.named(
  'Search',
  s.object(
    {
      id: s.text('Id; does not change when the search is replaced.'),
      name: s.text('Name of the search.'),
      q: s.text('The normalized query; empty for every task.'),
      columns,
      createdAt: s.time('When it was saved.'),
      links: s.object({
        self: s.text('REST URL of the search.'),
        page: s.text('URL of the page that lists its tasks.'),
        tasks: s.text('REST URL of its tasks.'),
      }),
    },
    { description: 'A saved query.' },
  ),
);
export type SearchView = s.Static<typeof Search>;

const SearchRequest = s.named(
  'SearchRequest',
  s.object({
    name: s.text('Name of the search.', { minLength: 1, maxLength: 60 }),
    q: s.text('The query.', { maxLength: 2048 }),
    columns,
  }),
);

const Suggestion = s.named(
  'Suggestion',
  s.object({
    text: s.text('Replacement text. One that ends with a colon is to be followed by a value.', {
      examples: ['type:divide'],
    }),
    help: s.text('Short explanation.'),
  }),
);
export type Suggestion = s.Static<typeof Suggestion>;

export const Suggestions = s.named(
  'Suggestions',
  s.object({
    from: s.count('Start of the replaced text in the query, in UTF-16 units.'),
    to: s.count('End of the replaced text.'),
    items: s.list(Suggestion),
  }),
);
export type Suggestions = s.Static<typeof Suggestions>;

export const SEARCHES_API = operations('Search', {
  'GET /api/v1/searches': {
    id: 'listSearches',
    summary: 'List saved searches',
    answers: { 200: ['All of them, by name.', s.named('SearchList', s.items(Search))] },
    errors: ['HISTORY_UNAVAILABLE'],
  },
  'POST /api/v1/searches': {
    id: 'saveSearch',
    summary: 'Save a search',
    description:
      'Saved searches are shared by all users. Replaces a search with the same name, ignoring case.',
    body: json(SearchRequest, {
      failed: { name: 'Failed today', q: 'state:failed created:<24h', columns: ['type', 'error'] },
    }),
    answers: {
      200: ['The search replaced one with the same name.', Search],
      201: [
        'The search was saved.',
        Search,
        { headers: { Location: { description: 'URL of the saved search.', schema: { type: 'string' } } } },
      ],
    },
    errors: ['REQUEST_INVALID', 'HISTORY_UNAVAILABLE'],
  },
  'DELETE /api/v1/searches/{id}': {
    id: 'deleteSearch',
    summary: 'Delete a saved search',
    description: 'Does not affect the tasks it finds.',
    parameters: [pathParameter('id', 'Id of the search.')],
    answers: { 204: 'The search was deleted.' },
    errors: ['NOT_FOUND', 'SEARCH_NOT_FOUND', 'HISTORY_UNAVAILABLE'],
  },
});
