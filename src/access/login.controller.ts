import { Body, Controller, Get, Post, Query, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import type { Logger } from 'pino';
import { Inject } from '@nestjs/common';
import { RoostError } from '../contract/errors.js';
import { LOG } from '../logging/logging.module.js';
import { csrfInvalid, isSame } from './decide.js';
import { Door } from './door.js';
import { drawLogin } from './login-page.js';
import { LoginService } from './login.service.js';
import { Public } from './needs.js';
import { nextPage } from './next-page.js';
import { csrfToken } from './secrets.js';
import { Sessions } from './sessions.js';

type Form = Record<string, string | string[] | undefined>;

/** Signing in with a password, and out. */
@ApiExcludeController()
@Controller()
@Public()
export class LoginController {
  constructor(
    private readonly door: Door,
    private readonly logins: LoginService,
    private readonly sessions: Sessions,
    @Inject(LOG) private readonly log: Logger,
  ) {}

  @Get('login')
  show(@Query('next') next: unknown, @Req() req: Request, @Res() res: Response): void {
    const to = nextPage(next);
    if (req.visitor?.via !== 'nobody') return res.redirect(303, to);
    drawLogin(req, res, { next: to });
  }

  @Post('login')
  async signIn(@Body() form: Form = {}, @Req() req: Request, @Res() res: Response): Promise<void> {
    const next = nextPage(form.next);
    // Without users there is nothing to sign in to; who is in already is in.
    if (req.visitor?.via !== 'nobody') return res.redirect(303, next);
    const visit = this.door.visitOf(req);
    if (visit === undefined || !isSame(form._csrf, csrfToken(visit))) throw csrfInvalid();
    const [name, password] = [text(form.name), text(form.password)];
    try {
      // Of what was typed only what is somebody's name: the others may be a password in the wrong field.
      const known = this.logins.knownName(name);
      req.audit = { targets: known === undefined ? [] : [known] };
      const id = await this.logins.signIn(name, password, req.ip ?? '');
      if (id !== undefined) {
        req.audit = { who: known };
        this.door.endVisit(res);
        this.door.session.set(res, id);
        return res.redirect(303, next);
      }
      this.log.warn({ requestId: req.id, from: req.ip }, 'a wrong login');
      res.status(401);
      drawLogin(req, res, { next, name: name.slice(0, 64), wrong: 'Name or password is not right.' });
    } catch (error) {
      if (!(error instanceof RoostError) || error.code !== 'TOO_MANY_REQUESTS') throw error;
      req.refusal = error.code;
      res.status(429).setHeader('Retry-After', String(error.extra?.retryAfter));
      drawLogin(req, res, { next, name: name.slice(0, 64), wrong: error.detail });
    }
  }

  @Post('logout')
  async signOut(@Req() req: Request, @Res() res: Response): Promise<void> {
    const id = this.door.session.read(req);
    // First of all this browser's: should Redis be away, it is out all the same.
    this.door.session.clear(res);
    if (id !== undefined) await this.sessions.end(id);
    res.redirect(303, '/login');
  }
}

function text(field: string | string[] | undefined): string {
  return typeof field === 'string' ? field : '';
}
