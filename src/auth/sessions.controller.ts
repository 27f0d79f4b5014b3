import { Controller, Delete, Get, HttpCode, Param, Post, Req } from '@nestjs/common';
import type { Request } from 'express';
import { RoostError } from '../model/errors.js';
import { requireParsedBody } from '../http/body-parsers.js';
import { objectBody } from '../http/json-body.js';
import { readQuery, shortText } from '../http/query.js';
import { RequirePermission } from './require-permission.js';
import { SessionsService } from './sessions.service.js';
import type { SessionView } from './auth.openapi.js';
import { ANONYMOUS } from './principal.js';

const MAX_NAME = 200;

/** Sessions over REST. */
@Controller('api/v1/sessions')
@RequirePermission('sessions.end')
export class SessionsController {
  constructor(private readonly sessions: SessionsService) {}

  @Get()
  async list(@Req() req: Request): Promise<{ items: SessionView[] }> {
    const { user } = readQuery(req.query, { user: shortText(MAX_NAME) });
    return { items: await this.sessions.list(req.principal ?? ANONYMOUS, user) };
  }

  @Post('end')
  @HttpCode(200)
  async endAll(@Req() req: Request): Promise<{ ended: number }> {
    requireParsedBody(req, 'application/json');
    const { user, others } = objectBody(req.body, ['user', 'others']);
    if (user !== undefined && (typeof user !== 'string' || user === '' || user.length > MAX_NAME))
      throw invalid('user', `must be text of 1 to ${MAX_NAME} characters, or left out`);
    if (others !== undefined && typeof others !== 'boolean') throw invalid('others', 'must be true or false');
    if (user === undefined && others === undefined)
      throw invalid('others', 'is missing: true keeps this login, false ends it too; or name a `user`');
    const principal = req.principal ?? ANONYMOUS;
    req.audit = { targets: [user ?? principal.name] };
    return { ended: await this.sessions.endAll(principal, { user, others }) };
  }

  @Delete(':id')
  @HttpCode(204)
  async end(@Param('id') id: string, @Req() req: Request): Promise<void> {
    const { user } = await this.sessions.end(req.principal ?? ANONYMOUS, id);
    req.audit = { targets: [user] };
  }
}

function invalid(path: string, message: string): RoostError {
  return new RoostError('REQUEST_INVALID', `${path} ${message}`, [{ path, message }]);
}
