import express, { type NextFunction, type Request, type Response } from 'express';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isUtf8 } from 'node:buffer';
import { RoostError } from '../contract/errors.js';
import { bounded, sentBody } from './body-limit.js';
import { checkJson } from './json-body.js';

const BODY_LIMIT = 256 * 1024;
const BULK_LIMIT = 4 * 1024 * 1024;
/** A form's text is up to three times its length once it is percent-encoded; the input itself is measured later. */
const FORM_LIMIT = 1024 * 1024;
export const BULK_PATH = '/api/v1/tasks/bulk';
export const NDJSON_TYPES = ['application/x-ndjson', 'application/ndjson', 'application/jsonl'];

/** Reads bodies within their bounds: 256 kB of JSON, 4 MB for bulk, 1 MB of form; anything else is left unread. */
export function bodyParsers(): express.RequestHandler[] {
  const bulkJson = bounded(BULK_LIMIT, express.json({ limit: BULK_LIMIT, strict: false, verify: wholeText }));
  const bulkLines = bounded(
    BULK_LIMIT,
    express.text({ limit: BULK_LIMIT, type: NDJSON_TYPES, verify: wholeText }),
  );
  const json = bounded(BODY_LIMIT, express.json({ limit: BODY_LIMIT, strict: false, verify: wholeText }));
  const form = bounded(
    FORM_LIMIT,
    express.urlencoded({ extended: false, limit: FORM_LIMIT, parameterLimit: 200 }),
  );
  const isBulk = (req: Request) => req.path === BULK_PATH || req.path === `${BULK_PATH}/`;
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

/** Bytes that are no UTF-8 would come out as question marks and be kept as such. */
function wholeText(_req: IncomingMessage, _res: ServerResponse, body: Buffer, encoding: string): void {
  if (encoding === 'utf-8' && !isUtf8(body))
    throw Object.assign(new Error('no UTF-8'), { type: 'utf8.invalid' });
}

/** @throws RoostError BODY_MALFORMED where no body came, CONTENT_TYPE_UNSUPPORTED where one came that no parser took. */
export function requireParsedBody(req: Request, types: string): void {
  if (!sentBody(req)) {
    throw new RoostError('BODY_MALFORMED', `The body is missing; send ${types}.`, [
      { path: 'body', message: `is missing; send ${types}` },
    ]);
  }
  if (req.body !== undefined) return;
  const given = req.headers['content-type'];
  throw new RoostError(
    'CONTENT_TYPE_UNSUPPORTED',
    given
      ? `The content type \`${given.slice(0, 100)}\` is not understood here; send ${types}.`
      : `The body has no content type; send ${types}.`,
    [{ path: 'content-type', message: `must be ${types}` }],
  );
}

/** The same for a call that can do without a body: nothing that was sent may be passed over in silence. */
export function requireParsedBodyIfAny(req: Request, types: string): void {
  if (sentBody(req)) requireParsedBody(req, types);
}
