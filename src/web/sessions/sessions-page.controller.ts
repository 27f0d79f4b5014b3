import { Body, Controller, Get, Param, Post, Query, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { RequirePermission } from '../../auth/require-permission.js';
import { SessionsService } from '../../auth/sessions.service.js';
import { ANONYMOUS } from '../../auth/principal.js';
import { RoostError } from '../../model/errors.js';
import { runFormAction } from '../kit/form-action.js';
import { PageShellService } from '../kit/page-shell.service.js';
import { toSessionsPage } from './sessions-page.js';
import { toFormError, type FormError } from '../kit/form-error.js';
import { type Params, typed } from '../kit/params.js';

const PAGE = '/access/sessions';

/** Sessions: the user's own, and those of all users for an administrator. */
@Controller('access/sessions')
@RequirePermission('sessions.end')
export class SessionsPageController {
  constructor(
    private readonly sessions: SessionsService,
    private readonly shells: PageShellService,
  ) {}

  @Get()
  show(@Query() query: Params, @Req() req: Request, @Res() res: Response): Promise<void> {
    return this.draw(req, res, query);
  }

  /**
   * Signs out sessions. `others` is `yes` to stay signed in here, `no` to sign out here too; or the form
   * names a `user`.
   */
  @Post('end')
  endAll(@Body() form: Params, @Req() req: Request, @Res() res: Response): Promise<void> {
    const principal = req.principal ?? ANONYMOUS;
    const [user, others] = [typed(form, 'user'), typed(form, 'others')];
    req.audit = { targets: [user ?? principal.name] };
    return runFormAction(
      res,
      async () => {
        if (user === undefined && others !== 'yes' && others !== 'no')
          throw new RoostError('REQUEST_INVALID', 'Choose the logins to end: press one of the buttons.');
        const count = await this.sessions.endAll(principal, { user, others: others === 'yes' });
        return { to: PAGE, flash: 'logins-ended', count };
      },
      (error) => this.draw(req, res, {}, toFormError(error)),
    );
  }

  @Post(':id/end')
  async end(@Param('id') id: string, @Req() req: Request, @Res() res: Response): Promise<void> {
    try {
      const { user } = await this.sessions.end(req.principal ?? ANONYMOUS, id);
      req.audit = { targets: [user] };
      res.redirect(303, `${PAGE}?flash=login-ended`);
    } catch (error) {
      if (!(error instanceof RoostError) || error.code !== 'SESSION_NOT_FOUND') throw error;
      res.status(404);
      await this.draw(req, res, {}, toFormError(error));
    }
  }

  private async draw(req: Request, res: Response, query: Params, trouble?: FormError): Promise<void> {
    const principal = req.principal ?? ANONYMOUS;
    const [frame, sessions] = await Promise.all([
      this.shells.frame({ title: 'Logins', query }),
      this.sessions.list(principal),
    ]);
    res.render('access/sessions', { ...frame, page: toSessionsPage(sessions, principal, trouble) });
  }
}
