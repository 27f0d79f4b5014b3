import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import type { Request } from 'express';
import { Observable } from 'rxjs';
import { asVisitor, NOBODY } from './visitor.js';

/** Runs every handler for its visitor, so that what it writes can be told to be theirs. */
@Injectable()
export class VisitorInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const { visitor = NOBODY } = context.switchToHttp().getRequest<Request>();
    return new Observable((subscriber) => asVisitor(visitor, () => next.handle().subscribe(subscriber)));
  }
}
