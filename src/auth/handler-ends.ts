import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { RequestHandler } from 'express';
import type { RouterLayer } from '../http/allowed-methods.js';
import { RequestLifetime } from './request-lifetime.js';

/**
 * Records when the handler of a request has ended. Wraps the routes themselves: a Nest interceptor would cost each
 * request several Observables.
 */
@Injectable()
export class HandlerEnds implements OnApplicationBootstrap {
  constructor(private readonly host: HttpAdapterHost) {}

  onApplicationBootstrap(): void {
    const { router } = this.host.httpAdapter.getInstance() as { router: { stack: RouterLayer[] } };
    for (const { route } of router.stack)
      for (const layer of route?.stack ?? []) layer.handle = recorded(layer.handle);
  }
}

function recorded(handle: RequestHandler): RequestHandler {
  return async (req, res, next) => {
    try {
      await handle(req, res, next);
    } finally {
      RequestLifetime.of(req).handlerEnded();
    }
  };
}
