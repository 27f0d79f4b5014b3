import { Injectable } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import { isWrite } from '../http/methods.js';
import { factsOf } from '../auth/permissions.js';
import { RequestLifetime } from '../auth/request-lifetime.js';
import { ANONYMOUS } from '../auth/principal.js';
import type { AuditEntry, AuditOutcome } from '../history/ports/audit-store.js';
import { AuditLog } from './audit-log.js';

/** Body fields that name the object of a write. Other fields may be private. */
const NAMING_FIELDS = ['of', 'id', 'ids', 'type', 'queue', 'to', 'action', 'command', 'name', 'q'];
/** Paths whose body is never audited: login forms. */
const PRIVATE_PATHS = /^\/login(\/|$)/;
const MAX_TARGETS = 100;
const MAX_TEXT_LENGTH = 500;

/**
 * Audits writes and reads of redacted values. Writes the entry after the response has closed and the handler has
 * ended, so a closed connection changes neither the principal nor the outcome.
 */
@Injectable()
export class AuditTrail {
  /** Requests whose client has disconnected while the handler still runs. */
  private readonly unfinished = new Set<() => void>();

  constructor(private readonly audit: AuditLog) {}

  readonly middleware = (req: Request, res: Response, next: NextFunction): void => {
    const at = Date.now();
    // Read now: a closed socket has no address.
    const from = req.ip ?? '';
    const life = RequestLifetime.of(req);
    // The client reset the connection before the request was read: its address is unknown, and no handler needs to
    // run.
    if (req.socket.remoteAddress === undefined) life.isClosed = true;
    res.once('close', () => {
      life.isClosed = true;
      const write = () => {
        if (!this.unfinished.delete(write)) return;
        const isAudited = req.permission !== undefined && factsOf(req.permission).audited;
        if (isWrite(req.method) || isAudited || req.audit) this.audit.record(toEntry(req, res, at, from));
      };
      this.unfinished.add(write);
      life.whenOver(write);
    });
    next();
  };

  /** Writes the entries of unfinished requests, as far as they are known, before the process ends. */
  finish(): void {
    for (const write of [...this.unfinished]) write();
  }
}

function toEntry(req: Request, res: Response, at: number, from: string): AuditEntry {
  const { via, name } = req.principal ?? ANONYMOUS;
  const path = req.originalUrl.split('?', 1)[0]!;
  // Ignores the body of anonymous requests: its length is up to the client.
  const body = via === 'nobody' || PRIVATE_PATHS.test(path) ? {} : fieldsOf(req.body);
  return {
    at,
    who: req.audit?.who ?? (via === 'nobody' ? '' : name),
    via,
    from,
    permission: req.permission ?? '',
    method: req.method,
    route: (req.route as { path?: string } | undefined)?.path ?? '',
    path,
    // Task ids of observed queues are unique only within the queue named in the query.
    targets: targetsOf(req, res, via === 'nobody' ? body : { ...body, of: queueOf(req) }),
    reason:
      typeof body.reason === 'string' && body.reason !== '' ? body.reason.slice(0, MAX_TEXT_LENGTH) : null,
    // 499, as nginx logs it: the client closed the connection before a handler or a response decided.
    status: isDecided(req, res) ? res.statusCode : 499,
    outcome: isDecided(req, res) ? outcomeOf(res.statusCode) : 'failed',
    code: req.refusal ?? '',
    requestId: req.id,
  };
}

/** Returns the queue that the query names. Parses the query only if there is one. */
function queueOf(req: Request): unknown {
  return req.originalUrl.includes('?') ? req.query.queue : undefined;
}

/** Whether the handler set the status. It counts even if the response could not be sent. */
function isDecided(req: Request, res: Response): boolean {
  return res.headersSent || res.writableFinished || RequestLifetime.of(req).isHandled;
}

function outcomeOf(status: number): AuditOutcome {
  if (status < 400) return 'done';
  return status < 500 ? 'refused' : 'failed';
}

/** Returns ids and names from the path, the body and the Location header. */
function targetsOf(req: Request, res: Response, body: Record<string, unknown>): string[] {
  const created = /^\/(?:api\/v1\/)?(?:tasks|bulk-actions|tokens)\/([\w:-]+)(?:[/?]|$)/.exec(
    String(res.getHeader('location') ?? ''),
  )?.[1];
  const named = NAMING_FIELDS.flatMap((field) => body[field] ?? []);
  const known = req.audit?.targets ?? [];
  return [...known, ...Object.values(req.params ?? {}).flat(), ...named, created]
    .flatMap((value) => (typeof value === 'string' && value !== '' ? [value.slice(0, MAX_TEXT_LENGTH)] : []))
    .filter((value, i, all) => all.indexOf(value) === i)
    .slice(0, MAX_TARGETS);
}

function fieldsOf(body: unknown): Record<string, unknown> {
  return typeof body === 'object' && body !== null && !Array.isArray(body)
    ? (body as Record<string, unknown>)
    : {};
}
