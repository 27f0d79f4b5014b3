/** A transition with the code of its state. */
export interface StoredTransition {
  /** ms */
  at: number;
  seq: number;
  state: number;
  attempt: number | null;
  detail: string | null;
}

/** Maximum packed transitions of a task: each change rewrites all of them. */
const MAX_PACKED = 16;

/** Each as [ms since the one before, seq, state, attempt, detail]; the last two may be absent. */
type Packed = [since: number, seq: number, state: number, attempt?: number | null, detail?: string];

/** Adds transitions to packed ones; returns those that have no room in `rest`. */
export function packTransitions(
  packed: string | null,
  added: readonly StoredTransition[],
): { packed: string; rest: StoredTransition[] } {
  const all = mergeTransitions(unpackTransitions(packed), added);
  if (all.length <= MAX_PACKED) return { packed: pack(all), rest: [] };
  return { packed: pack(all.slice(0, MAX_PACKED)), rest: all.slice(MAX_PACKED) };
}

export function unpackTransitions(packed: string | null): StoredTransition[] {
  if (packed === null) return [];
  let at = 0;
  return (JSON.parse(packed) as Packed[]).map(([since, seq, state, attempt = null, detail = null]) => {
    at += since;
    return { at, seq, state, attempt, detail };
  });
}

/** Oldest first. A transition that was recorded twice counts once. */
export function mergeTransitions(
  known: StoredTransition[],
  added: readonly StoredTransition[],
): StoredTransition[] {
  if (added.length === 0) return known;
  const all = known.length === 0 ? added.slice() : [...known, ...added];
  const isNews = (one: StoredTransition, i: number) => i === 0 || byTime(all[i - 1]!, one) < 0;
  // Usually they come in order.
  return all.every(isNews) ? all : all.sort(byTime).filter(isNews);
}

/** Removes transitions, if any match. */
export function dropPacked(packed: string | null, isDropped: (one: StoredTransition) => boolean) {
  const all = unpackTransitions(packed);
  const left = all.filter((one) => !isDropped(one));
  const isFound = left.length < all.length;
  return { isFound, packed: isFound ? pack(left) : packed };
}

function byTime(a: StoredTransition, b: StoredTransition): number {
  return a.at - b.at || a.seq - b.seq || a.state - b.state;
}

/** Without an array for each: it runs for every recorded task. */
function pack(transitions: readonly StoredTransition[]): string {
  let json = '';
  let last = 0;
  for (const { at, seq, state, attempt, detail } of transitions) {
    json += `${json === '' ? '[' : ',['}${at - last},${seq},${state}`;
    if (attempt !== null || detail !== null) json += `,${attempt}`;
    json += detail === null ? ']' : `,${JSON.stringify(detail)}]`;
    last = at;
  }
  return `[${json}]`;
}
