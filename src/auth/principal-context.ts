import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { RequestHandler } from 'express';
import type { RouterLayer } from '../http/allowed-methods.js';
import { ANONYMOUS, runAs } from './principal.js';
import { RequestLifetime } from './request-lifetime.js';

/**
 * Runs every route in the context of its principal, so that its writes are attributed, and records when its handler has
 * ended. Wraps the routes themselves: a Nest interceptor would cost each request several Observables.
 */
@Injectable()
export class PrincipalContext implements OnApplicationBootstrap {
  constructor(private readonly host: HttpAdapterHost) {}

  onApplicationBootstrap(): void {
    const { router } = this.host.httpAdapter.getInstance() as { router: { stack: RouterLayer[] } };
    for (const { route } of router.stack)
      for (const layer of route?.stack ?? []) layer.handle = inContext(layer.handle);
  }
}

function inContext(handle: RequestHandler): RequestHandler {
  return async (req, res, next) => {
    try {
      await runAs(req.principal ?? ANONYMOUS, () => handle(req, res, next));
    } finally {
      RequestLifetime.of(req).handlerEnded();
    }
  };
}
