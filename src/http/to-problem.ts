import { HttpException } from '@nestjs/common';
import { ERRORS, RoostError, type ErrorCode } from '../model/errors.js';
import { toStorageError } from '../bullmq/connection/redis-errors.js';
import { bodyTooLarge } from './body-limit.js';

/** RFC 9457 problem document. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: ErrorCode;
  fields?: { path: string; message: string }[];
  requestId: string;
  [extra: string]: unknown;
}

/** Converts any error for the client. Reveals nothing about unexpected errors. */
export function toRoostError(error: unknown): RoostError {
  if (error instanceof RoostError) return error;
  return (
    toStorageError(error) ?? fromHistory(error) ?? fromBodyParser(error) ?? fromNest(error) ?? unexpected()
  );
}

export function toProblem(error: RoostError, requestId: string): Problem {
  const { code, detail, fields, extra } = error;
  return {
    type: `/api/docs#${code}`,
    title: ERRORS[code].title,
    status: ERRORS[code].status,
    detail,
    code,
    ...(fields ? { fields } : {}),
    requestId,
    ...extra,
  };
}

/** Converts errors of the history store. Matches them by name, since http/ must not import the history. */
function fromHistory(error: unknown): RoostError | undefined {
  const { name, code } = (error ?? {}) as { name?: unknown; code?: unknown };
  if (!['HistoryClosedError', 'HistoryFileError', 'SqliteError'].includes(String(name))) return undefined;
  const why = code === 'SQLITE_FULL' ? 'its disk is full' : typeof code === 'string' ? code : 'it is closed';
  return new RoostError(
    'HISTORY_UNAVAILABLE',
    `The history cannot be read or written (${why}). Running tasks are not touched by it, and what happens meanwhile is recorded later. /monitor/history shows its state.`,
  );
}

/** Errors of Express's body parsers carry a `type`. */
function fromBodyParser(error: unknown): RoostError | undefined {
  const { type, limit, message = '' } = (error ?? {}) as { type?: unknown; limit?: number; message?: string };
  switch (type) {
    case 'entity.too.large':
      return bodyTooLarge(limit);
    case 'entity.parse.failed':
      return malformed(`is not JSON: ${message.slice(0, 200)}`);
    case 'parameters.too.many':
      return malformed('has too many fields');
    case 'encoding.unsupported':
    case 'charset.unsupported':
      return new RoostError('CONTENT_TYPE_UNSUPPORTED', `${message}; send UTF-8, plain or gzip.`, [
        {
          path: type.startsWith('encoding') ? 'content-encoding' : 'content-type',
          message: `${message}; send UTF-8, plain or gzip`,
        },
      ]);
    case 'utf8.invalid':
      return malformed('is not whole UTF-8: it was cut off, or has another encoding');
    case 'request.aborted':
    case 'request.size.invalid':
    case 'stream.encoding.set':
    case 'encoding.invalid':
      return malformed('did not arrive whole');
    default:
      return /^Z_/.test(String((error as { code?: unknown } | null)?.code))
        ? malformed('cannot be unpacked; send it whole, or plain')
        : undefined;
  }
}

function malformed(message: string): RoostError {
  return new RoostError('BODY_MALFORMED', `The body ${message}.`, [{ path: 'body', message }]);
}

function fromNest(error: unknown): RoostError | undefined {
  const status =
    error instanceof HttpException ? error.getStatus() : (error as { status?: unknown } | null)?.status;
  if (status === 404) {
    return new RoostError('NOT_FOUND', 'There is nothing at this address. /api/docs lists what there is.');
  }
  if (/^Failed to decode param/.test(String((error as { message?: unknown } | null)?.message))) {
    return new RoostError('NOT_FOUND', 'There is nothing at this address: a `%` in it begins no character.');
  }
  if (typeof status === 'number' && status >= 400 && status < 500) return malformed('cannot be read');
  return undefined;
}

function unexpected(): RoostError {
  return new RoostError(
    'INTERNAL',
    'Something unexpected happened on our side; the log has it under this request id. Trying again may help.',
  );
}
