/** Kinds of names that are stored once and referenced by number. */
export const WORD = { queue: 1, type: 2, worker: 3, errorName: 4, path: 5, version: 6 } as const;

export type WordKind = (typeof WORD)[keyof typeof WORD];

/** Numbers of names. Number 0 means no name. */
export interface Names {
  /** Returns the number of a name; assigns one to a new name. */
  idOf(kind: WordKind, text: string): number;
  /** The same as `idOf` for a path, but undefined for a new one beyond the limit. */
  pathId(path: string): number | undefined;
  find(kind: WordKind, text: string): number | undefined;
  /** Empty for number 0. */
  textOf(id: number | null): string;
}
