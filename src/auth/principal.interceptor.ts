import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import type { Request } from 'express';
import { map, NEVER, Observable } from 'rxjs';
import { RequestLifetime } from './request-lifetime.js';
import { runAs, ANONYMOUS } from './principal.js';
import { mayNotRead, withoutContent } from './hide-unreadable.js';

/**
 * Runs every handler in the context of its principal, so that its writes are attributed. Does not start the handler
 * of a request that the client has already closed.
 */
@Injectable()
export class PrincipalInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const req = context.switchToHttp().getRequest<Request>();
    const { principal = ANONYMOUS } = req;
    const life = RequestLifetime.of(req);
    if (life.isClosed) return NEVER;
    const over = life.handlerStarted();
    const answer = new Observable((subscriber) => {
      const subscription = runAs(principal, () => next.handle().subscribe(subscriber));
      subscription.add(over);
      return subscription;
    });
    return mayNotRead(principal, req.permission) ? answer.pipe(map(withoutContent)) : answer;
  }
}
