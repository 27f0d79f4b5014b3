/** Columns that a list of tasks can have, in the order they stand in unless somebody wants another. */
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
 * Those of the names that are columns, once each and in the order given; undefined where none is. A row is opened by its
 * type or its id, so one of them is always there.
 */
export function toColumns(names: readonly string[]): TaskColumn[] | undefined {
  const columns = [...new Set(names)].filter(isColumn);
  if (columns.length === 0) return undefined;
  if (columns.includes('type') || columns.includes('id')) return columns;
  return columns[0] === 'state' ? ['state', 'type', ...columns.slice(1)] : ['type', ...columns];
}

/** `column` one place further to the left or to the right. */
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

/** All there are: those chosen in their order, each of the others behind the one it usually stands behind. */
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
