import { Body, Controller, Get, Param, Post, Query, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { RequirePermission } from '../../auth/require-permission.js';
import { TokensService } from '../../auth/tokens.service.js';
import { ANONYMOUS, type Principal } from '../../auth/principal.js';
import type { RoostError } from '../../model/errors.js';
import { runFormAction } from '../kit/form-action.js';
import { PageShellService } from '../kit/page-shell.service.js';
import { type TokensPage, toTokensPage, type TypedToken } from './tokens-page.js';
import { toFormError, type FormError } from '../kit/form-error.js';
import { allOf, lastOf, type Params, typed } from '../kit/params.js';

const PAGE = '/access/tokens';

/** API tokens: the user's own, and those of all users for an administrator. */
@Controller('access/tokens')
@RequirePermission('tokens.make')
export class TokensPageController {
  constructor(
    private readonly tokens: TokensService,
    private readonly shells: PageShellService,
  ) {}

  @Get()
  show(@Query() query: Params, @Req() req: Request, @Res() res: Response): Promise<void> {
    return this.draw(req.principal ?? ANONYMOUS, query, res, {});
  }

  /** Answers with the page itself instead of a redirect: an address must never contain a token. */
  @Post()
  async make(@Body() form: Params, @Req() req: Request, @Res() res: Response): Promise<void> {
    const principal = req.principal ?? ANONYMOUS;
    const given: TypedToken = {
      name: typed(form, 'name'),
      permissions: allOf(form, 'permissions'),
      days: lastOf(form, 'days'),
    };
    try {
      const { token, secret } = await this.tokens.create(principal, {
        name: given.name,
        permissions: given.permissions,
        expiresInDays: given.days ? Number(given.days) : null,
      });
      res.setHeader('Cache-Control', 'no-store');
      await this.draw(principal, {}, res, { made: { name: token.name, secret } });
    } catch (error) {
      if ((error as Partial<RoostError>).code !== 'REQUEST_INVALID') throw error;
      res.status(422);
      await this.draw(principal, {}, res, { typed: given, trouble: toFormError(error as RoostError) });
    }
  }

  @Post(':id/revoke')
  revoke(@Param('id') id: string, @Req() req: Request, @Res() res: Response): Promise<void> {
    const principal = req.principal ?? ANONYMOUS;
    return runFormAction(
      res,
      async () => {
        await this.tokens.revoke(principal, id);
        return { to: PAGE, flash: 'token-revoked' };
      },
      (error) => this.draw(principal, {}, res, { trouble: toFormError(error) }),
    );
  }

  private async draw(
    principal: Principal,
    query: Params,
    res: Response,
    given: { made?: TokensPage['made']; typed?: TypedToken; trouble?: FormError },
  ): Promise<void> {
    const [frame, tokens] = await Promise.all([
      this.shells.frame({ title: 'API tokens', query }),
      this.tokens.list(principal),
    ]);
    const page = toTokensPage(tokens, this.tokens.listGrantable(principal), {
      ...given,
      canMake: principal.via === 'session',
    });
    res.render('access/tokens', { ...frame, page });
  }
}
