import express, { type NextFunction, type Request } from 'express';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isUtf8 } from 'node:buffer';
import { RoostError } from '../model/errors.js';
import { parseExactJson, type JsonFault } from '../model/exact-json.js';
import { bounded, sentBody } from './body-limit.js';
import { chain } from './chain.js';
import { readCharset } from './charset.js';
import { checkJson, refuseFaults } from './json-body.js';
import { isPlainJson, readPlainBody } from './plain-body.js';

declare module 'express-serve-static-core' {
  interface Request {
    /** Text of a JSON body, and the parts that parsing would change. All but bulk requests reject such bodies. */
    json?: { text: string; faults: JsonFault[] };
  }
}

const BODY_LIMIT = 256 * 1024;
const BULK_LIMIT = 4 * 1024 * 1024;
/**
 * Limit on a form, bytes. Percent-encoding makes a form up to three times longer; the input itself is checked later.
 */
export const FORM_LIMIT = 1024 * 1024;
export const MAX_FORM_FIELDS = 200;
export const BULK_PATH = '/api/v1/tasks/bulk';
export const NDJSON_TYPES = ['application/x-ndjson', 'application/ndjson', 'application/jsonl'];

/** Parses bodies within their limits: 256 kB of JSON, 4 MB for bulk, 1 MB of form. Leaves other bodies unread. */
export function bodyParsers(): express.RequestHandler[] {
  const bulk = chain(
    jsonOf(BULK_LIMIT),
    bounded(BULK_LIMIT, express.text({ limit: BULK_LIMIT, type: NDJSON_TYPES, verify: wholeText })),
  );
  const json = jsonOf(BODY_LIMIT);
  const form = bounded(
    FORM_LIMIT,
    express.urlencoded({ extended: false, limit: FORM_LIMIT, parameterLimit: MAX_FORM_FIELDS }),
  );
  const isBulk = (req: Request) => req.path === BULK_PATH || req.path === `${BULK_PATH}/`;
  const isApi = (req: Request) => req.path.startsWith('/api/');
  return [
    readCharset,
    (req, res, next) => {
      if (!isApi(req)) return void form(req, res, next);
      if (isBulk(req)) return void bulk(req, res, next);
      return void json(req, res, next);
    },
    (req, _res, next) => {
      if (isApi(req) && !isBulk(req)) checkBody(req);
      next();
    },
  ];
}

function jsonOf(limit: number): express.RequestHandler {
  const read = bounded(limit, express.text({ limit, type: 'application/json', verify: wholeText }));
  return (req, res, next) => {
    if (isPlainJson(req, limit)) {
      return readPlainBody(req, (error, text) => (error ? next(error) : parseText(req, text, next)));
    }
    return void read(req, res, (error?: unknown) => {
      if (error === undefined && typeof req.body === 'string') parseText(req, req.body, next);
      else next(error);
    });
  };
}

function parseText(req: Request, text: string, next: NextFunction): void {
  try {
    // Some clients send an empty body instead of `{}`.
    const { value, faults } = text === '' ? { value: {}, faults: [] } : parseExactJson(text);
    req.body = value;
    req.json = { text, faults };
  } catch (error) {
    return next(Object.assign(error as SyntaxError, { type: 'entity.parse.failed' }));
  }
  next();
}

function checkBody(req: Request): void {
  if (typeof req.body === 'object') checkJson(req.body);
  refuseFaults(req.json?.faults ?? [], 'body');
}

/** Rejects invalid UTF-8, which would otherwise be stored as replacement characters. */
function wholeText(_req: IncomingMessage, _res: ServerResponse, body: Buffer, encoding: string): void {
  if (encoding === 'utf-8' && !isUtf8(body))
    throw Object.assign(new Error('no UTF-8'), { type: 'utf8.invalid' });
}

/**
 * @throws RoostError BODY_MALFORMED for a missing body, CONTENT_TYPE_UNSUPPORTED for a body that no parser accepts.
 */
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

/** The same for a route with an optional body: a sent body must not be ignored silently. */
export function requireParsedBodyIfAny(req: Request, types: string): void {
  if (sentBody(req)) requireParsedBody(req, types);
}
