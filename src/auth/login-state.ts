import type { Request, Response } from 'express';
import type { Settings } from '../platform/config/settings.js';
import { SecretCookie } from './cookies.js';
import { isCsrfToken } from './authorize.js';
import type { Oidc } from './oidc.js';
import { csrfToken, maskToken, newSecret, SECRET } from './secrets.js';
import type { Users } from './users.js';

/** Whether a login is required, the available methods, and the cookies of the login. */
export class LoginState {
  /** Session id. */
  readonly session: SecretCookie;
  /** Secret that identifies a browser during sign-in. Independent of the later session. */
  private readonly visit: SecretCookie;
  private hasClosed: boolean;

  constructor(
    settings: Settings,
    private readonly users: Pick<Users, 'hasAny'>,
    private readonly oidc: Pick<Oidc, 'isOn' | 'host'>,
  ) {
    this.session = new SecretCookie('session', settings);
    this.visit = new SecretCookie('visit', settings);
    this.hasClosed = oidc.isOn || users.hasAny;
  }

  /** True once a user exists or a provider is set. Stays true until a restart, even if all users are removed. */
  get isClosed(): boolean {
    this.hasClosed ||= this.users.hasAny;
    return this.hasClosed;
  }

  get ways(): { hasPasswords: boolean; provider?: string } {
    return {
      hasPasswords: this.users.hasAny,
      ...(this.oidc.isOn ? { provider: this.oidc.host } : {}),
    };
  }

  /** Returns several values if another program planted cookies with the same name. */
  visitsOf(req: Request): string[] {
    return this.visit.readAll(req).filter((secret) => SECRET.test(secret));
  }

  /** Returns the first of `visitsOf`, or sets a new one. */
  beginVisit(req: Request, res: Response): string {
    const [known] = this.visitsOf(req);
    if (known !== undefined) return known;
    const secret = newSecret();
    this.visit.set(res, secret);
    return secret;
  }

  /** Returns the visit that the token of a login form belongs to, or an empty text. */
  visitOf(req: Request, token: unknown): string {
    return this.visitsOf(req).find((visit) => isCsrfToken(token, csrfToken(visit))) ?? '';
  }

  /** Creates the CSRF token of the login form. Prevents other sites from signing a user in to a different account. */
  loginToken(req: Request, res: Response): string {
    return maskToken(csrfToken(this.beginVisit(req, res)));
  }

  /** Whether the token was issued to this browser. */
  isLoginToken(req: Request, given: unknown): boolean {
    return this.visitsOf(req).some((visit) => isCsrfToken(given, csrfToken(visit)));
  }

  endVisit(res: Response): void {
    this.visit.clear(res);
  }
}
