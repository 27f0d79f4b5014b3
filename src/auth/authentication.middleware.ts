import { Inject, Injectable } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import type { Logger } from 'pino';
import { Redaction } from '../platform/redaction/redaction.js';
import { Settings } from '../platform/config/settings.js';
import { LOG } from '../platform/logging/logging.module.js';
import { SessionChanges } from './session-changes.js';
import { toAccessView } from './access-view.js';
import { ApiTokens } from './api-tokens.js';
import { authorize, unauthenticated } from './authorize.js';
import { isWrite } from '../http/methods.js';
import { LoginState } from './login-state.js';
import { checkHost, checkOpenRequest } from './check-bind-address.js';
import { EmergencyAccess } from './emergency.js';
import { saveForm } from './saved-form.js';
import { LoginService } from './login.service.js';
import type { RouteAccess } from './require-permission.js';
import { factsOf, permissionsOf, type Permission, type Role } from './permissions.js';
import { skipsAuthentication, isPublicPath } from './public-paths.js';
import { RateLimit } from './rate-limit.js';
import { RequestLifetime } from './request-lifetime.js';
import { Roles } from './roles.js';
import { Sessions } from './sessions.js';
import { LOCAL_ADMIN, ANONYMOUS, type Principal } from './principal.js';

/**
 * Identifies the principal before any other handler runs, and rejects requests that need a login. Reads no body of an
 * anonymous request, except the form of a page within its limits: that form is shown again after the login. The guard
 * of the routes checks permissions; handlers outside Nest's routes (the API's own page) use `requires`.
 */
@Injectable()
export class AuthenticationMiddleware {
  /** By the scopes of a token, of which an unchanged record has one list, and by the role of its creator. */
  private readonly tokenPermissions = new WeakMap<
    readonly Permission[],
    Map<Role, ReadonlySet<Permission>>
  >();

  constructor(
    @Inject(LOG) private readonly log: Logger,
    private readonly settings: Settings,
    private readonly loginState: LoginState,
    private readonly sessions: Sessions,
    private readonly tokens: ApiTokens,
    private readonly roles: Roles,
    private readonly logins: LoginService,
    private readonly rates: RateLimit,
    private readonly changes: SessionChanges,
    private readonly emergencies: EmergencyAccess,
    private readonly redaction: Redaction,
  ) {}

  readonly middleware = (req: Request, res: Response, next: NextFunction): void => {
    const life = RequestLifetime.of(req);
    life.authenticationStarted();
    const proceed = (error?: unknown) => {
      next(error);
      life.authenticationEnded();
    };
    this.authenticate(req, res).then(() => proceed(), proceed);
  };

  /** Authorizes requests to handlers outside Nest's routes. Must run after `middleware`. */
  requires(need: RouteAccess) {
    return (req: Request, _res: Response, next: NextFunction): void => {
      authorize(req.principal ?? ANONYMOUS, need, {
        method: req.method,
        csrf: req.headers['x-csrf-token'],
        readOnly: this.settings.READ_ONLY,
      });
      next();
    };
  }

  /** Sets the principal of the new session for the page that this response renders. */
  async present(res: Response, sessionId: string): Promise<Principal> {
    const principal = await this.bySession(sessionId);
    const emergency = await this.emergencies.current();
    res.locals.access = toAccessView(principal, this.loginState, this.settings.READ_ONLY, emergency);
    return principal;
  }

  /** Checks whether an open stream may go on. Keeps the earlier result if the check itself fails. */
  private async isSessionValid(req: Request, before: Principal): Promise<boolean> {
    if (before.via === 'nobody') return false;
    const now = await this.identify(req).catch((error: unknown) => {
      return (error as { code?: unknown }).code === 'UNAUTHENTICATED' ? ANONYMOUS : before;
    });
    const { permission } = req;
    return (
      now.via === before.via &&
      now.name === before.name &&
      (permission === undefined || now.permissions.has(permission))
    );
  }

  private async authenticate(req: Request, res: Response): Promise<void> {
    req.principal = ANONYMOUS;
    if (skipsAuthentication(req.path)) return;
    if (!this.loginState.isClosed) checkOpenRequest(req);
    else {
      checkHost(req, this.settings);
      // Prevents the back button from showing pages of the previous user.
      res.setHeader('Cache-Control', 'no-store');
    }
    const since = this.changes.version;
    try {
      const principal = await this.identify(req, isUse(req) ? (req.ip ?? '') : undefined);
      req.principal = principal;
      req.isSessionValid = () => this.isSessionValid(req, principal);
      if (principal.identity?.kind === 'emergency' && principal.via === 'session')
        this.logEmergencyWrite(req, principal);
      req.onAccessChange = (listener) => this.changes.subscribe(listener, since);
    } catch (error) {
      if ((error as { code?: unknown }).code === 'UNAUTHENTICATED') this.rates.countAnonymous(req);
      throw error;
    } finally {
      // Programs get no page that would show their access.
      if (!req.path.startsWith('/api/v1/')) await this.setAccessView(req, res);
    }
    if (req.principal.via !== 'nobody') return;
    const isPublic = isPublicPath(req.path);
    if (!isPublic || isWrite(req.method)) this.rates.countAnonymous(req);
    if (isPublic) return;
    if (isReader(req))
      await saveForm(req, res, this.redaction, (length) => this.rates.acquireFormBytes(req, length));
    res.setHeader('WWW-Authenticate', 'Bearer realm="roost"');
    throw unauthenticated();
  }

  private async setAccessView(req: Request, res: Response): Promise<void> {
    const { principal = ANONYMOUS } = req;
    const isPage = isReader(req);
    const isKnown = principal.via !== 'nobody';
    const emergency = isKnown && isPage ? await this.emergencies.current() : undefined;
    res.locals.access = toAccessView(principal, this.loginState, this.settings.READ_ONLY, emergency);
    if (!isKnown && isPage) res.locals.access.csrf = this.loginState.loginToken(req, res);
  }

  /** Logs each write of a break-glass login, in addition to the audit. */
  private logEmergencyWrite({ id, method, path }: Request, { name }: Principal): void {
    if (isWrite(method)) this.log.warn({ requestId: id, user: name, method, path }, 'break glass: a write');
  }

  private async identify(req: Request, usedFrom?: string): Promise<Principal> {
    if (!this.loginState.isClosed) return LOCAL_ADMIN;
    // Ignores foreign tokens: a proxy with its own login may forward its Authorization header.
    const [, bearer] = /^Bearer +(roost_\S*) *$/i.exec(req.headers.authorization ?? '') ?? [];
    if (bearer !== undefined) return this.byToken(bearer, req);
    let found = ANONYMOUS;
    for (const id of this.loginState.session.readAll(req)) {
      found = await this.bySession(id, usedFrom);
      if (found.via !== 'nobody') break;
    }
    return found;
  }

  private async byToken(text: string, req: Request): Promise<Principal> {
    const found = await this.tokens.find(text);
    const role = found && this.roles.find(found.token.maker);
    if (!found || !role) {
      // Audits reads too: an unknown token is either in use after its revocation or guessed.
      req.audit = {};
      throw unauthenticated(
        'The API token is not valid: it was revoked, has expired, or never existed. Create a new one.',
      );
    }
    const { id, name, maker, scopes } = found.token;
    this.tokens.recordUse(id, req.ip ?? '');
    // Limits the token to the permissions that its creator still has.
    return {
      via: 'token',
      name: `${name} (token of ${maker.name})`,
      role,
      permissions: this.permissionsOfToken(scopes, role),
      identity: maker,
      isStale: found.isStale,
    };
  }

  private permissionsOfToken(scopes: readonly Permission[], role: Role): ReadonlySet<Permission> {
    let byRole = this.tokenPermissions.get(scopes);
    if (!byRole) this.tokenPermissions.set(scopes, (byRole = new Map()));
    let permissions = byRole.get(role);
    if (!permissions) {
      const granted = permissionsOf(role);
      permissions = new Set(scopes.filter((scope) => granted.has(scope) && !factsOf(scope).peopleOnly));
      byRole.set(role, permissions);
    }
    return permissions;
  }

  private async bySession(id: string, usedFrom?: string): Promise<Principal> {
    const session = await this.sessions.find(id, usedFrom);
    if (!session || !this.logins.isProofValid(session.identity, session.proof)) return ANONYMOUS;
    const role = this.roles.find(session.identity);
    if (!role) {
      this.log.info({ user: session.identity.name }, 'session rejected: the user no longer exists');
      return ANONYMOUS;
    }
    // Checked at each request: a session without a second factor ends as soon as the role requires one.
    const { identity, factor } = session;
    if (identity.kind === 'user' && !factor && this.settings.ACCESS_SECOND_FACTOR.includes(role))
      return ANONYMOUS;
    return {
      via: 'session',
      name: session.identity.name,
      role,
      permissions: permissionsOf(role),
      identity: session.identity,
      csrf: session.csrf,
      sessionId: session.publicId,
      isStale: session.isStale,
    };
  }
}

/**
 * Whether the request counts as activity. Excludes automatic refreshes and event streams, so that an unattended page
 * does not keep its session alive.
 */
function isUse({ headers }: Request): boolean {
  return headers['x-roost-refetch'] === undefined && !/\btext\/event-stream\b/.test(headers.accept ?? '');
}

/** Whether the client is a browser that renders pages. */
function isReader(req: Request): boolean {
  return !req.path.startsWith('/api/') && req.accepts(['html', 'json']) === 'html';
}
