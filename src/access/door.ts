import type { Request, Response } from 'express';
import type { Settings } from '../config/settings.js';
import { SecretCookie } from './cookies.js';
import type { Oidc } from './oidc.js';
import { csrfToken, newSecret, SECRET } from './secrets.js';
import type { Users } from './users.js';

/** Whether one has to sign in, and how. */
export class Door {
  /** The id of a session. */
  readonly session: SecretCookie;
  /** What a browser is known by while it is signing in; has no part in the session that follows. */
  private readonly visit: SecretCookie;
  private wasClosed: boolean;

  constructor(
    settings: Settings,
    private readonly users: Pick<Users, 'areThere'>,
    private readonly oidc: Pick<Oidc, 'isOn' | 'host'>,
  ) {
    this.session = new SecretCookie('session', settings);
    this.visit = new SecretCookie('visit', settings);
    this.wasClosed = oidc.isOn || users.areThere;
  }

  /** Closes as soon as there is a user, also while running; opens again never: only a new start does. */
  get isClosed(): boolean {
    this.wasClosed ||= this.users.areThere;
    return this.wasClosed;
  }

  get ways(): { hasPasswords: boolean; provider?: string } {
    return {
      hasPasswords: this.users.areThere,
      ...(this.oidc.isOn ? { provider: this.oidc.host } : {}),
    };
  }

  visitOf(req: Request): string | undefined {
    const secret = this.visit.read(req);
    return secret !== undefined && SECRET.test(secret) ? secret : undefined;
  }

  /** As `visitOf`, given to a browser that has none yet. */
  beginVisit(req: Request, res: Response): string {
    const known = this.visitOf(req);
    if (known !== undefined) return known;
    const secret = newSecret();
    this.visit.set(res, secret);
    return secret;
  }

  /** Goes into the login form, so that no other site can sign somebody in as somebody else. */
  loginToken(req: Request, res: Response): string {
    return csrfToken(this.beginVisit(req, res));
  }

  endVisit(res: Response): void {
    this.visit.clear(res);
  }
}
