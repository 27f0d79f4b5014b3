import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request, Response } from 'express';
import { Settings } from '../platform/config/settings.js';
import { RoostError } from '../model/errors.js';
import { authorize } from './authorize.js';
import { hideContent, mayNotRead } from './hide-unreadable.js';
import { RequestLifetime } from './request-lifetime.js';
import { ROUTE_ACCESS, type RouteAccess } from './require-permission.js';
import { ANONYMOUS, type Principal } from './principal.js';

/**
 * Authorizes every route. A route without `@RequirePermission`, `@SignedIn` or `@Public` is closed to all. Does not start
 * the handler of a request that the client has already closed.
 */
@Injectable()
export class PermissionGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly settings: Settings,
  ) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const [req, res] = context.getArgs<[Request, Response]>();
    const { principal = ANONYMOUS } = req;
    const need = this.reflector.getAllAndOverride<RouteAccess | undefined>(ROUTE_ACCESS, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (typeof need === 'object') req.permission = need.permission;
    authorize(principal, need, {
      method: req.method,
      csrf: req.headers['x-csrf-token'] ?? formField(req.body, '_csrf'),
      readOnly: this.settings.READ_ONLY,
    });
    if (typeof need === 'object' && rendersPage(req)) requireReading(principal);
    if (mayNotRead(principal, req.permission)) hideContent(res);
    const life = RequestLifetime.of(req);
    if (life.isClosed) return new Promise(() => undefined);
    life.handlerStarted();
    return true;
  }
}

/** Whether the response is a page or a redirect to one: everything but the API, metrics and files. */
function rendersPage({ path }: Request): boolean {
  return !/^\/(api|metrics|health|assets)(\/|$)/.test(path);
}

/**
 * Pages surround every form with tasks, counts and warnings. A principal that may only submit or act must use the
 * API.
 * @throws RoostError FORBIDDEN
 */
function requireReading(principal: Principal): void {
  if (principal.permissions.has('tasks.read')) return;
  throw new RoostError(
    'FORBIDDEN',
    `Pages show tasks, so they need the permission tasks.read as well, which ${principal.name} does not have. ` +
      'Programs use /api/v1.',
    undefined,
    { permission: 'tasks.read' },
  );
}

function formField(body: unknown, name: string): unknown {
  return typeof body === 'object' && body !== null && Object.hasOwn(body, name)
    ? (body as Record<string, unknown>)[name]
    : undefined;
}
