/** Columns that a list of tasks can have, in the order they stand in. */
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
 * Those of the names that are columns, once each and in their order; undefined where none is. A row is opened by its
 * type or its id, so one of them is always there.
 */
export function toColumns(names: readonly string[]): TaskColumn[] | undefined {
  const columns = TASK_COLUMNS.filter((column) => names.includes(column));
  if (columns.length === 0) return undefined;
  if (columns.includes('type') || columns.includes('id')) return columns;
  return TASK_COLUMNS.filter((column) => column === 'type' || names.includes(column));
}

export function areUsual(columns: readonly TaskColumn[]): boolean {
  return columns.length === USUAL_COLUMNS.length && USUAL_COLUMNS.every((column) => columns.includes(column));
}
