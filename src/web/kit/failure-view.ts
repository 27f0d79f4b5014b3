import type { TaskFailure } from '../../model/task-view.js';
import { formatNumber, plural } from './format.js';

/** Error as drawn on pages: its causes as one list, each with its depth. */
export interface FailureView {
  name: string;
  message: string;
  code?: string;
  stack?: string;
  /** Formatted JSON. */
  details?: string;
  causes: CauseRow[];
}

export interface CauseRow {
  elementId: string;
  /** Maximum indentation depth. Deeper errors are drawn at this depth. */
  depth: number;
  relation: string;
  name: string;
  message: string;
  code?: string;
  stack?: string;
  details?: string;
  /** Note about causes that were not stored. */
  omitted?: string;
}

const MAX_DEPTH = 4;

/** @param id prefix of the ids of all elements of the failure. */
export function toFailureView(failure: TaskFailure, id: string): FailureView {
  const { name, message, code, stack } = failure;
  const causes: CauseRow[] = [];
  addCauses(causes, failure, id, 1);
  return { name, message, code, stack, details: detailsOf(failure), causes };
}

function addCauses(rows: CauseRow[], failure: TaskFailure, id: string, depth: number): void {
  const { cause, errors = [], omittedCauses = 0, omittedErrors = 0 } = failure;
  const add = (one: TaskFailure, relation: string) => {
    const { name, message, code, stack } = one;
    const row: CauseRow = {
      elementId: `${id}-cause-${rows.length + 1}`,
      depth: Math.min(depth, MAX_DEPTH),
      ...{ relation, name, message, code, stack },
      details: detailsOf(one),
    };
    rows.push(row);
    addCauses(rows, one, id, depth + 1);
    return row;
  };
  if (cause) {
    const between = omittedCauses > 0 ? `, with ${plural(omittedCauses, 'more cause')} between` : '';
    add(cause, `caused by${between}`);
  }
  const all = errors.length + omittedErrors;
  errors.forEach((one, i) => {
    const row = add(one, `inner error ${i + 1} of ${formatNumber(all)}`);
    if (omittedErrors > 0 && i === errors.length - 1)
      row.omitted = `${plural(omittedErrors, 'more inner error')} not stored`;
  });
}

function detailsOf({ details }: TaskFailure): string | undefined {
  return details && JSON.stringify(details, null, 2);
}
