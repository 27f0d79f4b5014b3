import { Body, Controller, Get, Inject, Post, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import type { Logger } from 'pino';
import { LOG } from '../platform/logging/logging.module.js';
import { clientOf } from './client.js';
import { csrfInvalid } from './authorize.js';
import { LoginState } from './login-state.js';
import { EmergencyAccess } from './emergency.js';
import { Public } from './require-permission.js';

/** Sign-in with a code of `npm run user -- break-glass`. */
@Controller('login/break-glass')
@Public()
export class EmergencyController {
  constructor(
    private readonly loginState: LoginState,
    private readonly emergencies: EmergencyAccess,
    @Inject(LOG) private readonly log: Logger,
  ) {}

  @Get()
  show(@Req() req: Request, @Res() res: Response): void {
    if (req.principal?.via !== 'nobody') return res.redirect(303, '/');
    render(res);
  }

  @Post()
  async signIn(
    @Body() form: Record<string, unknown> = {},
    @Req() req: Request,
    @Res() res: Response,
  ): Promise<void> {
    if (req.principal?.via !== 'nobody') return res.redirect(303, '/');
    if (!this.loginState.isLoginToken(req, form._csrf)) throw csrfInvalid();
    req.audit = { targets: ['break-glass'] };
    const client = clientOf(req);
    const code = typeof form.code === 'string' ? form.code : '';
    const login = await this.emergencies.redeem(code, client);
    if (!login) {
      this.log.warn({ requestId: req.id, from: client.from }, 'a wrong code of a break-glass login');
      res.status(401);
      return render(res, 'The code is not right, was used, or is older than 15 minutes.');
    }
    const { by, reason, name } = login.identity;
    this.log.error(
      { requestId: req.id, from: client.from, by, reason },
      'BREAK GLASS: an emergency login as admin',
    );
    req.audit = { who: name, targets: ['break-glass', reason] };
    this.loginState.endVisit(res);
    this.loginState.session.set(res, login.session);
    res.redirect(303, '/');
  }
}

function render(res: Response, wrong?: string): void {
  res.render('access/break-glass', { layout: 'layouts/door', title: 'Break glass', wrong });
}
