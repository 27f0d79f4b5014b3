import { Inject, Injectable } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import type { Logger } from 'pino';
import { Settings } from '../config/settings.js';
import { LOG } from '../logging/logging.module.js';
import { toAccessView } from './access-view.js';
import { ApiTokens } from './api-tokens.js';
import { decide, isWrite, unauthenticated } from './decide.js';
import { Door } from './door.js';
import { checkOpenRequest } from './exposure.js';
import { LoginService } from './login.service.js';
import type { Need } from './needs.js';
import { factsOf, permissionsOf } from './permissions.js';
import { isForAll, isPublicPath } from './public-paths.js';
import { RateLimit } from './rate-limit.js';
import { Roles } from './roles.js';
import { Sessions } from './sessions.js';
import { ANYONE, NOBODY, type Visitor } from './visitor.js';

/**
 * Finds out who asks, before anything else has the request, and sends away who may not come in: no body of theirs is
 * read. What one may do inside is for the guard of the routes; what is no route (the API's own page) goes by `requires`.
 */
@Injectable()
export class Gate {
  constructor(
    @Inject(LOG) private readonly log: Logger,
    private readonly settings: Settings,
    private readonly door: Door,
    private readonly sessions: Sessions,
    private readonly tokens: ApiTokens,
    private readonly roles: Roles,
    private readonly logins: LoginService,
    private readonly rates: RateLimit,
  ) {}

  readonly middleware = (req: Request, res: Response, next: NextFunction): void => {
    this.letIn(req, res).then(() => next(), next);
  };

  /** For what is not a route of Nest; comes behind `middleware`. */
  requires(need: Need) {
    return (req: Request, _res: Response, next: NextFunction): void => {
      decide(req.visitor ?? NOBODY, need, {
        method: req.method,
        csrf: req.headers['x-csrf-token'],
        readOnly: this.settings.READ_ONLY,
      });
      next();
    };
  }

  /** Whether who began to listen may still. What cannot be asked just now stays as it was. */
  private async isStillIn(req: Request, before: Visitor): Promise<boolean> {
    if (before.via === 'nobody') return false;
    const now = await this.identify(req, false).catch((error: unknown) => {
      return (error as { code?: unknown }).code === 'UNAUTHENTICATED' ? NOBODY : before;
    });
    const { permission } = req;
    return (
      now.via === before.via &&
      now.name === before.name &&
      (permission === undefined || now.permissions.has(permission))
    );
  }

  private async letIn(req: Request, res: Response): Promise<void> {
    req.visitor = NOBODY;
    if (isForAll(req.path)) return;
    if (!this.door.isClosed) checkOpenRequest(req);
    else {
      // The back button must not show to the next person what this one has seen.
      res.setHeader('Cache-Control', 'no-store');
    }
    try {
      const visitor = await this.identify(req, isUse(req));
      req.visitor = visitor;
      req.isStillIn = () => this.isStillIn(req, visitor);
    } catch (error) {
      if ((error as { code?: unknown }).code === 'UNAUTHENTICATED') this.rates.takeStranger(req);
      throw error;
    } finally {
      res.locals.access = toAccessView(req.visitor, this.door, this.settings.READ_ONLY);
      if (req.visitor.via === 'nobody' && isReader(req))
        res.locals.access.csrf = this.door.loginToken(req, res);
    }
    if (req.visitor.via !== 'nobody') return;
    const isPublic = isPublicPath(req.path);
    if (!isPublic || isWrite(req.method)) this.rates.takeStranger(req);
    if (isPublic) return;
    res.setHeader('WWW-Authenticate', 'Bearer realm="roost"');
    throw unauthenticated();
  }

  private async identify(req: Request, isUsed: boolean): Promise<Visitor> {
    if (!this.door.isClosed) return ANYONE;
    // Others than ours are none of our business: proxies with a login of their own pass theirs on.
    const [, bearer] = /^Bearer +(roost_\S*) *$/i.exec(req.headers.authorization ?? '') ?? [];
    if (bearer !== undefined) return this.byToken(bearer, req);
    return this.bySession(this.door.session.read(req), isUsed);
  }

  private async byToken(text: string, req: Request): Promise<Visitor> {
    const found = await this.tokens.find(text);
    const role = found && this.roles.of(found.token.maker);
    if (!found || !role) {
      // Also where it only wanted to look: somebody uses what they should not have any more, or guesses.
      req.audit = {};
      throw unauthenticated('This API token is not known here: it was revoked, has expired, or never was.');
    }
    const { id, name, maker, scopes } = found.token;
    this.tokens.noteUse(id, req.ip ?? '');
    // What its maker has lost, the token has lost.
    const theirs = permissionsOf(role);
    return {
      via: 'token',
      name: `${name} (token of ${maker.name})`,
      role,
      permissions: new Set(scopes.filter((scope) => theirs.has(scope) && !factsOf(scope).peopleOnly)),
      identity: maker,
      isRemembered: found.isRemembered,
    };
  }

  private async bySession(id: string | undefined, isUsed: boolean): Promise<Visitor> {
    const session = await this.sessions.find(id, isUsed);
    if (!session || !this.logins.isStillGood(session.identity, session.proof)) return NOBODY;
    const role = this.roles.of(session.identity);
    if (!role) {
      this.log.info({ user: session.identity.name }, 'a session of somebody who is no user any more');
      return NOBODY;
    }
    return {
      via: 'session',
      name: session.identity.name,
      role,
      permissions: permissionsOf(role),
      identity: session.identity,
      csrf: session.csrf,
      isRemembered: session.isRemembered,
    };
  }
}

/** Not what a page does by itself while nobody may be there: such a page is not to keep its login for ever. */
function isUse({ headers }: Request): boolean {
  return headers['x-roost-refetch'] === undefined && !/\btext\/event-stream\b/.test(headers.accept ?? '');
}

/** Somebody who looks at pages, and may want to sign in. */
function isReader(req: Request): boolean {
  return !req.path.startsWith('/api/') && req.accepts(['html', 'json']) === 'html';
}
