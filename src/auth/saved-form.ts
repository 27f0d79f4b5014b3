import express, { type Request, type Response } from 'express';
import { hasHidden, type Redaction } from '../platform/redaction/redaction.js';
import { bounded } from '../http/body-limit.js';
import { FORM_LIMIT, MAX_FORM_FIELDS } from '../http/body-parsers.js';
import { safeRedirect } from './safe-redirect.js';

/** Limit on characters of a packed form. The login form that carries it must fit into FORM_LIMIT. */
export const MAX_PACKED_LENGTH = 700 * 1024;
const MAX_NAME_LENGTH = 200;

/** Paths without page forms, or whose form is that of the login itself. */
const EXCLUDED_PATHS = /^\/(api|login|logout|health|metrics|assets)(\/|$)/;
const SECRET_NAME = /pass(word|wd|phrase|code)|\bpwd|secret|credential|(api|access|private)_?key|token$/i;

/**
 * Form that was submitted after its session had ended. Only data: it is shown again after the next login, and a click
 * of the user submits it.
 */
export interface SavedForm {
  /** Local path that the form is submitted to. */
  action: string;
  fields: [name: string, value: string][];
  /** Names of filled fields that are dropped because they hold secrets. */
  dropped: string[];
}

declare module 'express-serve-static-core' {
  interface Request {
    savedForm?: SavedForm;
    /** True if a form was too long to save. */
    isFormTooLong?: boolean;
  }
}

const parser = bounded(
  FORM_LIMIT,
  express.urlencoded({ extended: false, limit: FORM_LIMIT, parameterLimit: MAX_FORM_FIELDS }),
);

/**
 * Reads a page's form that was submitted without a login, within the limits of every form. Does not read bodies of
 * programs.
 * @param mayRead whether this many more bytes may be read
 */
export async function saveForm(
  req: Request,
  res: Response,
  rules: Redaction,
  mayRead: (length: number) => boolean,
): Promise<void> {
  const length = Number(req.headers['content-length']);
  if (!isPageForm(req) || length === 0) return;
  req.isFormTooLong = true;
  if (!(length <= FORM_LIMIT) || !mayRead(length)) return;
  const error = await new Promise<unknown>((resolve) => parser(req, res, resolve));
  const body: unknown = req.body;
  req.body = undefined;
  const form = error ? undefined : toSavedForm(req.originalUrl, body, rules);
  if (!form || packForm(form).length > MAX_PACKED_LENGTH) return;
  req.savedForm = form;
  req.isFormTooLong = false;
}

/** Returns the form of a request whose body has been read. Returns the form inside for a login form. */
export function findForm(req: Request, rules: Redaction): SavedForm | undefined {
  const body: unknown = req.body;
  if (/^\/login(\/oidc)?$/.test(req.path))
    return unpackForm((body as { savedForm?: unknown } | undefined)?.savedForm, rules);
  return isPageForm(req) ? toSavedForm(req.originalUrl, body, rules) : undefined;
}

export function packForm(form: SavedForm): string {
  return Buffer.from(JSON.stringify(form)).toString('base64url');
}

/** Returns undefined for any text that `packForm` does not make. */
export function unpackForm(packed: unknown, rules: Redaction): SavedForm | undefined {
  if (typeof packed !== 'string' || packed === '' || packed.length > MAX_PACKED_LENGTH) return undefined;
  try {
    const form = JSON.parse(Buffer.from(packed, 'base64url').toString()) as Partial<SavedForm> | null;
    if (!form || !isAction(form.action) || !Array.isArray(form.fields) || !isNames(form.dropped))
      return undefined;
    const { action, fields, dropped } = form;
    if (fields.length > MAX_FORM_FIELDS || !fields.every(isField)) return undefined;
    return { action, fields: fields.filter(([name, value]) => !isSecret(name, value, rules)), dropped };
  } catch {
    return undefined;
  }
}

/** Whether the field name suggests a secret, independent of REDACT. */
export function hasSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}

/**
 * Whether a browser submitted the request. Browsers send the origin of a form, which `sameSite` has checked; programs
 * send none.
 */
function isPageForm(req: Request): boolean {
  const { origin, 'sec-fetch-site': site } = req.headers;
  return (
    req.method === 'POST' &&
    (origin !== undefined || site !== undefined) &&
    Boolean(req.is('urlencoded')) &&
    !EXCLUDED_PATHS.test(req.path)
  );
}

function toSavedForm(action: string, body: unknown, rules: Redaction): SavedForm | undefined {
  if (!isAction(action) || typeof body !== 'object' || body === null) return undefined;
  const all = Object.entries(body as Record<string, string | string[]>)
    .flatMap(([name, value]) => [value].flat().map((one) => [name, one] as const))
    .filter(([name]) => name !== '_csrf')
    .map(([name, value]): [string, string] => [name, value]);
  if (!all.every(isField)) return undefined;
  const dropped = all.filter(([name, value]) => value !== '' && isSecret(name, value, rules));
  return {
    action,
    fields: all.filter(([name, value]) => !isSecret(name, value, rules)),
    dropped: [...new Set(dropped.map(([name]) => name))],
  };
}

/** Whether a field is secret by its name, or because REDACT hides it in an input. */
function isSecret(name: string, value: string, rules: Redaction): boolean {
  if (hasSecretName(name) || name === '_csrf') return true;
  if (!rules.concerns('input')) return false;
  return hasHidden(rules.apply('input', { [name.replace(/^input\./, '')]: parsed(value) }));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function isAction(given: unknown): given is string {
  return (
    typeof given === 'string' &&
    safeRedirect(given) === given &&
    !EXCLUDED_PATHS.test(given.split('?', 1)[0]!)
  );
}

function isNames(given: unknown): given is string[] {
  return Array.isArray(given) && given.length <= MAX_FORM_FIELDS && given.every(isName);
}

function isName(given: unknown): given is string {
  return typeof given === 'string' && given.length <= MAX_NAME_LENGTH;
}

function isField(given: unknown): given is [string, string] {
  return Array.isArray(given) && given.length === 2 && isName(given[0]) && typeof given[1] === 'string';
}
