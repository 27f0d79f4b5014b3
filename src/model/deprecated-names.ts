/** Members of a view of a task that only the history has. `kept` is the deprecated name of `source`. */
export const FROM_HISTORY = { source: 'history', kept: 'history' } as const;

/** Names the task that another one is a rerun of. `origin` is the deprecated name of `rerunOf`. */
export function rerunOf(id: string): { rerunOf: string; origin: string } {
  return { rerunOf: id, origin: id };
}
