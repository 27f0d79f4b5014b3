import { Injectable } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import { isWrite } from '../access/decide.js';
import { factsOf } from '../access/permissions.js';
import { NOBODY } from '../access/visitor.js';
import type { AuditEntry, AuditOutcome } from '../history/store/audit-store.js';
import { AuditLog } from './audit-log.js';

/** What of a body names what a write is about; the rest of it may be private. */
const NAMING_FIELDS = ['of', 'id', 'ids', 'type', 'queue', 'to', 'action', 'command', 'name', 'q'];
/** Fields of the login form are nobody's business. */
const PRIVATE_PATHS = /^\/login(\/|$)/;
const MAX_TARGETS = 100;
const MAX_TEXT = 500;

/** Sees every request, and puts down the writes and the looks at what is hidden, once they are answered. */
@Injectable()
export class AuditTrail {
  constructor(private readonly audit: AuditLog) {}

  readonly middleware = (req: Request, res: Response, next: NextFunction): void => {
    const at = Date.now();
    res.once('close', () => {
      const isAudited = req.permission !== undefined && factsOf(req.permission).audited;
      if (isWrite(req.method) || isAudited || req.audit) this.audit.take(toEntry(req, res, at));
    });
    next();
  };
}

function toEntry(req: Request, res: Response, at: number): AuditEntry {
  const { via, name } = req.visitor ?? NOBODY;
  const path = req.originalUrl.split('?', 1)[0]!;
  // Who may not come in has nothing kept but that they tried: a body of theirs is as long as they like.
  const body = via === 'nobody' || PRIVATE_PATHS.test(path) ? {} : fieldsOf(req.body);
  return {
    at,
    who: req.audit?.who ?? (via === 'nobody' ? '' : name),
    via,
    from: req.ip ?? '',
    permission: req.permission ?? '',
    method: req.method,
    route: (req.route as { path?: string } | undefined)?.path ?? '',
    path,
    // Ids of other programs mean something within their queue only, and that is named in the address.
    targets: targetsOf(req, res, via === 'nobody' ? body : { ...body, of: req.query.queue }),
    reason: typeof body.reason === 'string' && body.reason !== '' ? body.reason.slice(0, MAX_TEXT) : null,
    // The connection was cut before there was an answer: as nginx counts it.
    status: res.writableFinished || res.headersSent ? res.statusCode : 499,
    outcome: outcomeOf(res),
    code: req.refusal ?? '',
    requestId: req.id,
  };
}

function outcomeOf(res: Response): AuditOutcome {
  if (!res.headersSent) return 'failed';
  if (res.statusCode < 400) return 'done';
  return res.statusCode < 500 ? 'refused' : 'failed';
}

/** Ids and names from the path, from the body, and of what was made. */
function targetsOf(req: Request, res: Response, body: Record<string, unknown>): string[] {
  const made = /^\/(?:api\/v1\/)?(?:tasks|bulk-actions|tokens)\/([\w:-]+)(?:[/?]|$)/.exec(
    String(res.getHeader('location') ?? ''),
  )?.[1];
  const named = NAMING_FIELDS.flatMap((field) => body[field] ?? []);
  const known = req.audit?.targets ?? [];
  return [...known, ...Object.values(req.params ?? {}).flat(), ...named, made]
    .flatMap((value) => (typeof value === 'string' && value !== '' ? [value.slice(0, MAX_TEXT)] : []))
    .filter((value, i, all) => all.indexOf(value) === i)
    .slice(0, MAX_TARGETS);
}

function fieldsOf(body: unknown): Record<string, unknown> {
  return typeof body === 'object' && body !== null && !Array.isArray(body)
    ? (body as Record<string, unknown>)
    : {};
}
