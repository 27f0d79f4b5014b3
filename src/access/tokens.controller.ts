import { Controller, Delete, Get, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { requireParsedBody } from '../http/body-parsers.js';
import { objectBody } from '../http/json-body.js';
import { Needs } from './needs.js';
import { TokensService, type TokenView } from './tokens.service.js';
import { NOBODY } from './visitor.js';

/** API tokens over REST. */
@Controller('api/v1/tokens')
@Needs('tokens.make')
export class TokensController {
  constructor(private readonly tokens: TokensService) {}

  @Get()
  async list(@Req() { visitor = NOBODY }: Request): Promise<{ items: TokenView[] }> {
    return { items: await this.tokens.list(visitor) };
  }

  /** The `token` of the answer is not told again. */
  @Post()
  async make(
    @Req() req: Request,
    @Res({ passthrough: true }) res: Response,
  ): Promise<TokenView & { token: string }> {
    requireParsedBody(req, 'application/json');
    const { name, permissions, expiresInDays } = objectBody(req.body, [
      'name',
      'permissions',
      'expiresInDays',
    ]);
    const made = await this.tokens.make(req.visitor ?? NOBODY, { name, permissions, expiresInDays });
    res.setHeader('Cache-Control', 'no-store');
    return { ...made.token, token: made.secret };
  }

  @Delete(':id')
  @HttpCode(204)
  revoke(@Param('id') id: string, @Req() { visitor = NOBODY }: Request): Promise<void> {
    return this.tokens.revoke(visitor, id);
  }
}
