import express, { type NextFunction, type Request, type Response } from 'express';
import { RoostError } from '../contract/errors.js';
import { checkJson } from './json-body.js';

const BODY_LIMIT = 256 * 1024;
const BULK_LIMIT = 4 * 1024 * 1024;
/** A form's text is up to three times its length once it is percent-encoded; the input itself is measured later. */
const FORM_LIMIT = 1024 * 1024;
export const BULK_PATH = '/api/v1/tasks/bulk';
export const NDJSON_TYPES = ['application/x-ndjson', 'application/ndjson', 'application/jsonl'];

/** Reads bodies within their bounds: 256 kB of JSON, 4 MB for bulk, 1 MB of form; anything else is left unread. */
export function bodyParsers(): express.RequestHandler[] {
  const bulkJson = express.json({ limit: BULK_LIMIT, strict: false });
  const bulkLines = express.text({ limit: BULK_LIMIT, type: NDJSON_TYPES });
  const json = express.json({ limit: BODY_LIMIT, strict: false });
  const form = express.urlencoded({ extended: false, limit: FORM_LIMIT, parameterLimit: 200 });
  const isBulk = (req: Request) => req.path.replace(/\/+$/, '') === BULK_PATH;
  const isApi = (req: Request) => req.path.startsWith('/api/');
  return [
    (req, res, next) => (isBulk(req) ? bulkJson(req, res, next) : next()),
    (req, res, next) => (isBulk(req) ? bulkLines(req, res, next) : next()),
    (req, res, next) => (isApi(req) && !isBulk(req) ? json(req, res, next) : next()),
    (req, res, next) => (isApi(req) ? next() : form(req, res, next)),
    checkBody,
  ];
}

function checkBody(req: Request, _res: Response, next: NextFunction): void {
  if (req.path.startsWith('/api/') && typeof req.body === 'object') checkJson(req.body);
  next();
}

/** @throws RoostError CONTENT_TYPE_UNSUPPORTED where a body came that no parser took. */
export function requireParsedBody(req: Request, types: string): void {
  if (req.body !== undefined) return;
  const given = req.headers['content-type'];
  throw new RoostError(
    'CONTENT_TYPE_UNSUPPORTED',
    given
      ? `The content type \`${given.slice(0, 100)}\` is not understood here; send ${types}.`
      : `The body is missing; send ${types} with its content type.`,
    [{ path: 'content-type', message: `must be ${types}` }],
  );
}
