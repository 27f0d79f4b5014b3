import { TASK_COLUMNS } from '../../search/task-columns.js';
import { count, list, object, ref, text, time, type Schemas } from '../schema.js';

const columns = list(
  { type: 'string', enum: [...TASK_COLUMNS] },
  { description: 'Columns of the list, where others than the usual ones are wanted.' },
);

/** Finding tasks. */
export const SEARCH_SCHEMAS: Schemas = {
  TaskPage: object(
    {
      items: list(ref('TaskView'), { description: 'Newest first, or as `sort` says.' }),
      total: count('How many match in all; at least so many where `totalIsExact` is false.'),
      totalIsExact: { type: 'boolean', description: 'False where counting to the end would take too long.' },
      nextCursor: text('Give it back as `cursor` for the next page. Missing on the last one.'),
      lagMs: count('By how much the list is behind what happens, ms. Missing where it is not.'),
    },
    ['nextCursor', 'lagMs'],
  ),
  Suggestion: object({
    text: text('Takes the place of the stretch; one that ends with a colon goes on with a value.', {
      examples: ['type:divide'],
    }),
    help: text('What it is, in a few words.'),
  }),
  Suggestions: object({
    from: count('Where the stretch that is replaced begins in the query, in UTF-16 units.'),
    to: count('Where it ends.'),
    items: list(ref('Suggestion')),
  }),
  Search: object(
    {
      id: text('Stays the same when it is replaced.'),
      name: text('What it is called.'),
      q: text('The query in its plain form; empty for every task.'),
      columns,
      createdAt: time('When it was saved.'),
      links: object({
        self: text('The search over REST.'),
        page: text('Its list for people.'),
        tasks: text('Its tasks over REST.'),
      }),
    },
    ['columns'],
    { description: 'A query with a name.' },
  ),
  SearchList: object({ items: list(ref('Search')) }),
  SearchRequest: object(
    {
      name: text('What to call it.', { minLength: 1, maxLength: 60 }),
      q: text('The query.', { maxLength: 2048 }),
      columns,
    },
    ['columns'],
  ),
};
