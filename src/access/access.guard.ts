import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request } from 'express';
import { Settings } from '../config/settings.js';
import { decide } from './decide.js';
import { NEED, type Need } from './needs.js';
import { NOBODY } from './visitor.js';

/** Stands before every route: who carries no `@Needs`, `@SignedIn` or `@Public` is open to nobody. */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly settings: Settings,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const req = context.switchToHttp().getRequest<Request>();
    const need = this.reflector.getAllAndOverride<Need | undefined>(NEED, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (typeof need === 'object') req.permission = need.permission;
    decide(req.visitor ?? NOBODY, need, {
      method: req.method,
      csrf: req.headers['x-csrf-token'] ?? formField(req.body, '_csrf'),
      readOnly: this.settings.READ_ONLY,
    });
    return true;
  }
}

function formField(body: unknown, name: string): unknown {
  return typeof body === 'object' && body !== null && Object.hasOwn(body, name)
    ? (body as Record<string, unknown>)[name]
    : undefined;
}
