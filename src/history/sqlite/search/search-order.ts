import type { RawBuilder, SqlBool } from 'kysely';
import { sql } from '../kysely.js';
import { TASK_STATES } from '../../../model/states.js';
import type { Sort } from '../../query/query-ast.js';
import { stateCode } from '../../recording/rules/codes.js';
import type { PagePlace } from './page-cursor.js';
import type { PlanLeaf } from './search-plan.js';

export type SortColumn = 'finished' | 'wait_ms' | 'run_ms' | 'attempts_made';

/**
 * A list is walked in phases, each in the order of an index: all by number; or rows with a value by that value, then
 * rows without one; or one type or state after the other, the newest of each first.
 */
export interface Phase {
  /** Condition that separates its rows from those of other phases. */
  leaf: PlanLeaf | undefined;
  /** `null`: in the order of numbers. */
  column: SortColumn | null;
  /** Selects rows without a value in this column. */
  without: SortColumn | undefined;
  descending: boolean;
  /** Cursor value of a row in this phase: the type's name or the state's index. */
  rank: number | string | null;
}

export interface TypeName {
  id: number;
  text: string;
}

/** `types`: the types that have tasks, in alphabetical order. */
export function phasesOf({ field, descending }: Sort, types: TypeName[]): Phase[] {
  const plain: Phase = { leaf: undefined, column: null, without: undefined, descending, rank: null };
  const inTurn = (phases: Phase[]) => (descending ? phases.reverse() : phases);
  switch (field) {
    case 'created':
      return [plain];
    case 'attempts':
      return [{ ...plain, column: 'attempts_made' }];
    case 'finished':
    case 'wait':
    case 'run': {
      const column = SORT_COLUMNS[field];
      return [
        { ...plain, column },
        { ...plain, without: column, descending: true },
      ];
    }
    case 'type':
      return inTurn(
        types.map(({ id, text }) => ({ ...plain, leaf: wordLeaf('type', id), descending: true, rank: text })),
      );
    case 'state':
      return inTurn(
        TASK_STATES.map((state, rank) => ({
          ...plain,
          leaf: wordLeaf('state', stateCode(state)),
          descending: true,
          rank,
        })),
      );
  }
}

const SORT_COLUMNS = { finished: 'finished', wait: 'wait_ms', run: 'run_ms' } as const;

function wordLeaf(column: 'type' | 'state', id: number): PlanLeaf {
  return { kind: 'word', column, ids: [id] };
}

/** Phases that may contain rows after `place`. */
export function phasesAfter(phases: Phase[], sort: Sort, place: PagePlace | undefined): Phase[] {
  if (!place) return phases;
  if (sort.field === 'type' || sort.field === 'state') {
    const isBefore = (rank: number | string) => (sort.descending ? rank > place.value! : rank < place.value!);
    return phases.filter(({ rank }) => !isBefore(rank!));
  }
  return place.value === null ? phases.filter(({ column }) => column === null) : phases;
}

/** Position of the previous page's cursor in this phase; undefined when the phase starts anew. */
export function placeIn(phase: Phase, place: PagePlace | undefined): PagePlace | undefined {
  if (!place) return undefined;
  if (phase.rank !== null) return phase.rank === place.value ? { value: null, no: place.no } : undefined;
  if (phase.column === null && phase.without !== undefined) return place.value === null ? place : undefined;
  return place;
}

export function isAfter(phase: Phase, place: PagePlace, alias: string): RawBuilder<SqlBool> {
  const no = sql.ref(`${alias}.no`);
  const operator = sql.raw(phase.descending ? '<' : '>');
  if (phase.column === null) return sql<SqlBool>`${no} ${operator} ${place.no}`;
  return sql<SqlBool>`(${sql.ref(`${alias}.${phase.column}`)}, ${no}) ${operator} (${place.value}, ${place.no})`;
}

export function orderBy(phase: Phase, alias: string): RawBuilder<unknown> {
  const direction = sql.raw(phase.descending ? 'DESC' : 'ASC');
  const no = sql`${sql.ref(`${alias}.no`)} ${direction}`;
  return phase.column === null ? no : sql`${sql.ref(`${alias}.${phase.column}`)} ${direction}, ${no}`;
}
