/** Columns of a list of tasks, in the default order. */
export const TASK_COLUMNS = [
  'state',
  'type',
  'id',
  'input',
  'result',
  'error',
  'queue',
  'worker',
  'attempts',
  'priority',
  'tags',
  'waited',
  'ran',
  'created',
  'finished',
] as const;

export type TaskColumn = (typeof TASK_COLUMNS)[number];

export const USUAL_COLUMNS: readonly TaskColumn[] = [
  'state',
  'type',
  'id',
  'input',
  'queue',
  'worker',
  'attempts',
  'waited',
  'ran',
  'created',
];

/**
 * Returns the valid column names, without duplicates, in the given order; undefined where there are none. Always includes
 * type or id, because one of them links to the task.
 */
export function toColumns(names: readonly string[]): TaskColumn[] | undefined {
  const columns = [...new Set(names)].filter(isColumn);
  if (columns.length === 0) return undefined;
  if (columns.includes('type') || columns.includes('id')) return columns;
  return columns[0] === 'state' ? ['state', 'type', ...columns.slice(1)] : ['type', ...columns];
}

/** Moves `column` one place to the left or to the right. */
export function movedColumn(
  columns: readonly TaskColumn[],
  column: TaskColumn,
  way: 'left' | 'right',
): TaskColumn[] {
  const from = columns.indexOf(column);
  const to = way === 'left' ? from - 1 : from + 1;
  if (from < 0 || to < 0 || to >= columns.length) return [...columns];
  const moved = [...columns];
  [moved[from], moved[to]] = [moved[to]!, moved[from]!];
  return moved;
}

/** Returns all columns: the chosen ones in their order, each other one after its default predecessor. */
export function allColumns(chosen: readonly TaskColumn[]): TaskColumn[] {
  const all = [...chosen];
  TASK_COLUMNS.forEach((column, i) => {
    if (!all.includes(column)) all.splice(i === 0 ? 0 : all.indexOf(TASK_COLUMNS[i - 1]!) + 1, 0, column);
  });
  return all;
}

export function areUsual(columns: readonly TaskColumn[]): boolean {
  return columns.join() === USUAL_COLUMNS.join();
}

export function isColumn(name: string): name is TaskColumn {
  return (TASK_COLUMNS as readonly string[]).includes(name);
}
