import { RoostError } from '../../../model/errors.js';
import type { Sort } from '../../query/query-ast.js';

/** The last row of a page; the next page begins after it. */
export interface PagePlace {
  /** Value of the sorted column; `null` after the rows that have one, and when sorted by creation. */
  value: number | string | null;
  no: number;
}

export interface PageCursor extends PagePlace {
  /** Counted for the first page and passed on. */
  total: number;
  totalIsExact: boolean;
}

export function writeCursor(sort: Sort, { value, no, total, totalIsExact }: PageCursor): string {
  return Buffer.from(JSON.stringify([orderName(sort), value, no, total, totalIsExact ? 1 : 0])).toString(
    'base64url',
  );
}

/** @throws RoostError QUERY_INVALID when the text is not a cursor, or belongs to another order. */
export function readCursor(sort: Sort, text: string): PageCursor {
  const parts = parse(text);
  if (!Array.isArray(parts) || parts.length !== 5) throw refused('is not a cursor of this list');
  const [order, value, no, total, exact] = parts as unknown[];
  if (order !== orderName(sort)) throw refused('belongs to another order: start again with the first page');
  const isValue =
    value === null || typeof value === 'string' || (typeof value === 'number' && Number.isFinite(value));
  if (!isValue || !Number.isSafeInteger(no) || !Number.isSafeInteger(total))
    throw refused('is not a cursor of this list');
  return { value, no: no as number, total: total as number, totalIsExact: exact === 1 };
}

function orderName({ field, descending }: Sort): string {
  return (descending ? '-' : '') + field;
}

function parse(text: string): unknown {
  try {
    return text.length <= 1000 ? JSON.parse(Buffer.from(text, 'base64url').toString()) : undefined;
  } catch {
    return undefined;
  }
}

function refused(message: string): RoostError {
  return new RoostError('QUERY_INVALID', `cursor: ${message}`, [{ path: 'cursor', message }]);
}
