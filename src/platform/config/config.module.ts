import { Global, Module, type DynamicModule } from '@nestjs/common';
import { setRedaction } from '../redaction/redaction.js';
import { Settings } from './settings.js';

/** Provides the validated settings everywhere as `Settings`. */
@Global()
@Module({})
export class ConfigModule {
  static forRoot(settings: Settings): DynamicModule {
    setRedaction(settings.REDACT);
    return {
      module: ConfigModule,
      providers: [{ provide: Settings, useValue: settings }],
      exports: [Settings],
    };
  }
}
