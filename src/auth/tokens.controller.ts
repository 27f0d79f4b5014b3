import { Controller, Delete, Get, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { requireParsedBody } from '../http/body-parsers.js';
import { objectBody } from '../http/json-body.js';
import { RequirePermission } from './require-permission.js';
import { TokensService } from './tokens.service.js';
import type { NewToken, TokenView } from './auth.openapi.js';
import { ANONYMOUS } from './principal.js';

/** API tokens over REST. */
@Controller('api/v1/tokens')
@RequirePermission('tokens.make')
export class TokensController {
  constructor(private readonly tokens: TokensService) {}

  @Get()
  async list(@Req() { principal = ANONYMOUS }: Request): Promise<{ items: TokenView[] }> {
    return { items: await this.tokens.list(principal) };
  }

  /** Creates a token. Only this response contains `token`. */
  @Post()
  async make(@Req() req: Request, @Res({ passthrough: true }) res: Response): Promise<NewToken> {
    requireParsedBody(req, 'application/json');
    const { name, permissions, expiresInDays } = objectBody(req.body, [
      'name',
      'permissions',
      'expiresInDays',
    ]);
    const made = await this.tokens.create(req.principal ?? ANONYMOUS, { name, permissions, expiresInDays });
    res.setHeader('Cache-Control', 'no-store');
    return { ...made.token, token: made.secret };
  }

  @Delete(':id')
  @HttpCode(204)
  revoke(@Param('id') id: string, @Req() { principal = ANONYMOUS }: Request): Promise<void> {
    return this.tokens.revoke(principal, id);
  }
}
