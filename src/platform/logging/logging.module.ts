import { Global, Module, type DynamicModule } from '@nestjs/common';
import type { Logger } from 'pino';

/** Injection token of the process's log. */
export const LOG = Symbol('roost:log');

/** Provides the process's log everywhere as `LOG`. */
@Global()
@Module({})
export class LoggingModule {
  static forRoot(logger: Logger): DynamicModule {
    return { module: LoggingModule, providers: [{ provide: LOG, useValue: logger }], exports: [LOG] };
  }
}
