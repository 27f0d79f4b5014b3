import { Body, Controller, Post, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { RoostError } from '../model/errors.js';
import { clientOf } from './client.js';
import { csrfInvalid } from './authorize.js';
import { LoginState } from './login-state.js';
import { type SavedForm, packForm } from './saved-form.js';
import { SavedForms } from './saved-forms.js';
import { renderLogin } from './login-page.js';
import { Public } from './require-permission.js';
import { safeRedirect } from './safe-redirect.js';
import { SecondFactorService, type StepOffer } from './second-factor.service.js';

type Form = Record<string, string | string[] | undefined>;

/** Renders the second step after a correct password, with the status already set. */
export function renderSecondStep(
  res: Response,
  { step, enrolment }: StepOffer,
  { next, wrong, savedForm }: { next: string; wrong?: string; savedForm?: SavedForm },
): void {
  res.render('access/second-step', {
    layout: 'layouts/door',
    title: enrolment ? 'Set up a second factor' : 'Second factor',
    ...{ step, enrolment, next, wrong },
    savedForm: savedForm && packForm(savedForm),
  });
}

/** Second step of the sign-in. */
@Controller('login/second-factor')
@Public()
export class SecondStepController {
  constructor(
    private readonly loginState: LoginState,
    private readonly factors: SecondFactorService,
    private readonly savedForms: SavedForms,
  ) {}

  @Post()
  async pass(@Body() form: Form = {}, @Req() req: Request, @Res() res: Response): Promise<void> {
    const next = safeRedirect(form.next);
    if (req.principal?.via !== 'nobody') return res.redirect(303, next);
    if (!this.loginState.isLoginToken(req, form._csrf)) throw csrfInvalid();
    const visits = this.loginState.visitsOf(req);
    const savedForm = this.savedForms.unpack(form.savedForm);
    req.audit = {};
    try {
      const outcome = await this.factors.pass(visits, text(form.step), text(form.code), clientOf(req));
      if (outcome.kind === 'stale') {
        res.status(401);
        return renderLogin(req, res, { next, savedForm, wrong: 'That took too long. Sign in again.' });
      }
      req.audit = { targets: [outcome.user] };
      if (outcome.kind === 'wrong') {
        res.status(401);
        const wrong = 'The code is not right, or was used before. Wait for the next one.';
        return renderSecondStep(res, outcome.offer, { next, wrong, savedForm });
      }
      req.audit = { who: outcome.user, ...(outcome.codes ? { targets: ['second factor set up'] } : {}) };
      this.loginState.endVisit(res);
      this.loginState.session.set(res, outcome.session);
      if (!outcome.codes && savedForm)
        return await this.savedForms.showAfterLogin(res, savedForm, outcome.session);
      if (!outcome.codes) return res.redirect(303, next);
      const page = { layout: 'layouts/door', title: 'Recovery codes', codes: outcome.codes, next };
      res.status(200).render('access/recovery-codes', page);
    } catch (error) {
      if (!(error instanceof RoostError) || error.code !== 'TOO_MANY_REQUESTS') throw error;
      req.refusal = error.code;
      res.status(429).setHeader('Retry-After', String(error.extra?.retryAfter));
      renderLogin(req, res, { next, savedForm, wrong: error.detail });
    }
  }
}

function text(field: string | string[] | undefined): string {
  return typeof field === 'string' ? field : '';
}
