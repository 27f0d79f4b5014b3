import { Controller, Get, Inject, Query, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import type { Logger } from 'pino';
import { RoostError } from '../contract/errors.js';
import { LOG } from '../logging/logging.module.js';
import { Door } from './door.js';
import { drawLogin } from './login-page.js';
import { Public } from './needs.js';
import { nextPage } from './next-page.js';
import { Oidc, OidcError } from './oidc.js';
import { RateLimit } from './rate-limit.js';
import { Roles } from './roles.js';
import { Sessions } from './sessions.js';

/** What is not bound to a password cannot change by itself: the role is looked up, see Roles. */
const NO_PROOF = '';

/** Signing in at an OpenID Connect provider. */
@ApiExcludeController()
@Controller('login/oidc')
@Public()
export class OidcController {
  constructor(
    private readonly oidc: Oidc,
    private readonly door: Door,
    private readonly roles: Roles,
    private readonly sessions: Sessions,
    private readonly rates: RateLimit,
    @Inject(LOG) private readonly log: Logger,
  ) {}

  @Get()
  async leave(@Query('next') next: unknown, @Req() req: Request, @Res() res: Response): Promise<void> {
    this.refuseWithout();
    this.rates.takeBegun(req);
    try {
      const address = await this.oidc.leave(this.door.beginVisit(req, res), nextPage(next));
      res.redirect(303, address.href);
    } catch (error) {
      this.explain(error, req, res);
    }
  }

  @Get('callback')
  async comeBack(@Req() req: Request, @Res() res: Response): Promise<void> {
    this.refuseWithout();
    req.audit = {};
    const query = req.originalUrl.split('?').slice(1).join('?');
    try {
      const { identity, next } = await this.oidc.comeBack(this.door.visitOf(req), query);
      req.audit = { targets: [identity.name] };
      if (!this.roles.of(identity)) {
        this.log.warn(
          { requestId: req.id, user: identity.name },
          'signed in at the provider, and on no list',
        );
        res.status(403);
        return drawLogin(req, res, {
          next,
          wrong:
            `${this.oidc.host} knows you as ${identity.name}, and nobody has let you in here: ` +
            'ask who runs this Roost to put you on a list.',
        });
      }
      const id = await this.sessions.start(identity, NO_PROOF);
      req.audit = { who: identity.name };
      this.door.endVisit(res);
      this.door.session.set(res, id);
      res.redirect(303, next);
    } catch (error) {
      this.explain(error, req, res);
    }
  }

  private refuseWithout(): void {
    if (!this.oidc.isOn) throw new RoostError('NOT_FOUND', 'No OpenID Connect provider is set up here.');
  }

  private explain(error: unknown, req: Request, res: Response): void {
    if (!(error instanceof OidcError)) throw error;
    // What the provider said may have codes and tokens in it: of the cause only its kind is written down.
    const { name, code } = (error.cause ?? {}) as { name?: string; code?: string };
    this.log.warn({ requestId: req.id, cause: name, code }, `login at the provider: ${error.message}`);
    res.status(error.message.includes('does not answer') ? 503 : 401);
    drawLogin(req, res, { next: '/', wrong: error.message });
  }
}
