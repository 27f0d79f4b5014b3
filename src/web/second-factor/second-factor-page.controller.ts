import { Body, Controller, Get, HttpCode, Post, Query, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { clientOf } from '../../auth/client.js';
import { LoginState } from '../../auth/login-state.js';
import { AuthenticationMiddleware } from '../../auth/authentication.middleware.js';
import { RequirePermission } from '../../auth/require-permission.js';
import { SecondFactorService } from '../../auth/second-factor.service.js';
import { ANONYMOUS } from '../../auth/principal.js';
import { RoostError } from '../../model/errors.js';
import { runFormAction } from '../kit/form-action.js';
import { PageShellService } from '../kit/page-shell.service.js';
import { toFormError, type FormError } from '../kit/form-error.js';
import { lastOf, type Params, typed } from '../kit/params.js';

const PAGE = '/access/second-factor';

/** Second factor of the signed-in user. */
@Controller('access/second-factor')
@RequirePermission('factor.set')
export class SecondFactorPageController {
  constructor(
    private readonly factors: SecondFactorService,
    private readonly shells: PageShellService,
    private readonly loginState: LoginState,
    private readonly gate: AuthenticationMiddleware,
  ) {}

  @Get()
  show(@Query() query: Params, @Req() req: Request, @Res() res: Response): Promise<void> {
    return this.draw(req, res, query, {});
  }

  /**
   * Answers with the recovery codes, which are shown only once. The form after it belongs to a new session.
   */
  @Post()
  @HttpCode(200)
  setUp(@Body() form: Params, @Req() req: Request, @Res() res: Response): Promise<void> {
    return this.drawCodes(form, req, res, async () => {
      const { session, codes } = await this.factors.enrolOwn(
        req.principal ?? ANONYMOUS,
        { step: field(form, 'step'), code: field(form, 'code'), password: lastOf(form, 'password') ?? '' },
        clientOf(req),
      );
      this.loginState.session.set(res, session);
      await this.gate.present(res, session);
      return codes;
    });
  }

  @Post('recovery-codes')
  @HttpCode(200)
  renew(@Body() form: Params, @Req() req: Request, @Res() res: Response): Promise<void> {
    return this.drawCodes(form, req, res, () =>
      this.factors.renewRecoveryOwn(req.principal ?? ANONYMOUS, field(form, 'code'), clientOf(req)),
    );
  }

  @Post('off')
  turnOff(@Body() form: Params, @Req() req: Request, @Res() res: Response): Promise<void> {
    return runFormAction(
      res,
      async () => {
        await this.factors.turnOffOwn(req.principal ?? ANONYMOUS, field(form, 'code'), clientOf(req));
        return { to: PAGE, flash: 'factor-off' };
      },
      (error) => this.draw(req, res, {}, { trouble: toFormError(error) }),
    );
  }

  private async drawCodes(
    form: Params,
    req: Request,
    res: Response,
    work: () => Promise<string[]>,
  ): Promise<void> {
    try {
      const codes = await work();
      await this.draw(req, res, {}, { codes });
    } catch (error) {
      if (!(error instanceof RoostError) || error.code !== 'REQUEST_INVALID') throw error;
      res.status(error.status);
      await this.draw(req, res, {}, { trouble: toFormError(error) }, field(form, 'step'));
    }
  }

  private async draw(
    req: Request,
    res: Response,
    query: Params,
    given: { codes?: string[]; trouble?: FormError },
    step?: string,
  ): Promise<void> {
    const [frame, own] = await Promise.all([
      this.shells.frame({ title: 'Second factor', query }),
      this.factors.own(req.principal ?? ANONYMOUS, step),
    ]);
    res.render('access/second-factor', { ...frame, page: { ...own, isOn: own.state === 'on', ...given } });
  }
}

function field(form: Params, name: string): string {
  return typed(form, name) ?? '';
}
