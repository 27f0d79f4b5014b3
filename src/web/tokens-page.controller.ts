import { Body, Controller, Get, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { Needs } from '../access/needs.js';
import { TokensService } from '../access/tokens.service.js';
import { NOBODY, type Visitor } from '../access/visitor.js';
import type { RoostError } from '../contract/errors.js';
import { actOn } from './acting.js';
import { FrameService } from './frame.service.js';
import { type TokensPage, toTokensPage, type TypedToken } from './page-models/tokens-page.js';
import { toTrouble, type Trouble } from './page-models/trouble.js';
import { allOf, lastOf, type Params, typed } from './params.js';

const PAGE = '/access/tokens';

/** API tokens: one's own, and those of all for who manages them. */
@ApiExcludeController()
@Controller('access/tokens')
@Needs('tokens.make')
export class TokensPageController {
  constructor(
    private readonly tokens: TokensService,
    private readonly frames: FrameService,
  ) {}

  @Get()
  show(@Query() query: Params, @Req() req: Request, @Res() res: Response): Promise<void> {
    return this.draw(req.visitor ?? NOBODY, query, res, {});
  }

  /** Answers with the page itself, not with a way to it: an address must never have a token in it. */
  @Post()
  async make(@Body() form: Params, @Req() req: Request, @Res() res: Response): Promise<void> {
    const visitor = req.visitor ?? NOBODY;
    const given: TypedToken = {
      name: typed(form, 'name'),
      permissions: allOf(form, 'permissions'),
      days: lastOf(form, 'days'),
    };
    try {
      const { token, secret } = await this.tokens.make(visitor, {
        name: given.name,
        permissions: given.permissions,
        expiresInDays: given.days ? Number(given.days) : null,
      });
      res.setHeader('Cache-Control', 'no-store');
      await this.draw(visitor, {}, res, { made: { name: token.name, secret } });
    } catch (error) {
      if ((error as Partial<RoostError>).code !== 'REQUEST_INVALID') throw error;
      res.status(422);
      await this.draw(visitor, {}, res, { typed: given, trouble: toTrouble(error as RoostError) });
    }
  }

  @Post(':id/revoke')
  revoke(@Param('id') id: string, @Req() req: Request, @Res() res: Response): Promise<void> {
    const visitor = req.visitor ?? NOBODY;
    return actOn(
      res,
      async () => {
        await this.tokens.revoke(visitor, id);
        return { to: PAGE, flash: 'token-revoked' };
      },
      (error) => this.draw(visitor, {}, res, { trouble: toTrouble(error) }),
    );
  }

  private async draw(
    visitor: Visitor,
    query: Params,
    res: Response,
    given: { made?: TokensPage['made']; typed?: TypedToken; trouble?: Trouble },
  ): Promise<void> {
    const [frame, tokens] = await Promise.all([
      this.frames.frame({ title: 'API tokens', query }),
      this.tokens.list(visitor),
    ]);
    const page = toTokensPage(tokens, this.tokens.offered(visitor), {
      ...given,
      canMake: visitor.via === 'session',
    });
    res.render('access/tokens', { ...frame, page });
  }
}
