import { Global, Module, type DynamicModule } from '@nestjs/common';
import { Redaction } from '../redaction/redaction.js';
import { Settings } from './settings.js';

/** Provides the validated settings everywhere as `Settings`, and the rules of REDACT as `Redaction`. */
@Global()
@Module({})
export class ConfigModule {
  static forRoot(settings: Settings): DynamicModule {
    return {
      module: ConfigModule,
      providers: [
        { provide: Settings, useValue: settings },
        { provide: Redaction, useValue: new Redaction(settings.REDACT) },
      ],
      exports: [Settings, Redaction],
    };
  }
}
