import { TASK_COLUMNS } from '../../search/task-columns.js';
import { count, list, object, ref, text, time, type Schemas } from '../schema.js';

const columns = list(
  { type: 'string', enum: [...TASK_COLUMNS] },
  { description: 'Columns of the list, where they differ from the default.' },
);

/** Schemas of searches. */
export const SEARCH_SCHEMAS: Schemas = {
  Suggestion: object({
    text: text('Replacement text. One that ends with a colon is to be followed by a value.', {
      examples: ['type:divide'],
    }),
    help: text('Short explanation.'),
  }),
  Suggestions: object({
    from: count('Start of the replaced text in the query, in UTF-16 units.'),
    to: count('End of the replaced text.'),
    items: list(ref('Suggestion')),
  }),
  Search: object(
    {
      id: text('Id; does not change when the search is replaced.'),
      name: text('Name of the search.'),
      q: text('The normalized query; empty for every task.'),
      columns,
      createdAt: time('When it was saved.'),
      links: object({
        self: text('REST URL of the search.'),
        page: text('URL of the page that lists its tasks.'),
        tasks: text('REST URL of its tasks.'),
      }),
    },
    ['columns'],
    { description: 'A saved query.' },
  ),
  SearchList: object({ items: list(ref('Search')) }),
  SearchRequest: object(
    {
      name: text('Name of the search.', { minLength: 1, maxLength: 60 }),
      q: text('The query.', { maxLength: 2048 }),
      columns,
    },
    ['columns'],
  ),
};
