import { Global, Module } from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR, DiscoveryModule } from '@nestjs/core';
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import { Settings } from '../config/settings.js';
import { LOG } from '../logging/logging.module.js';
import { COMMANDS } from '../queue/tokens.js';
import { AccessGuard } from './access.guard.js';
import { ApiTokens } from './api-tokens.js';
import { Door } from './door.js';
import { checkAccessSettings } from './exposure.js';
import { Gate } from './gate.js';
import { LoginController } from './login.controller.js';
import { LoginService } from './login.service.js';
import { MeController } from './me.controller.js';
import { Oidc } from './oidc.js';
import { OidcController } from './oidc.controller.js';
import { RateLimit } from './rate-limit.js';
import { Roles } from './roles.js';
import { RouteCheck } from './route-check.js';
import { Sessions } from './sessions.js';
import { TokensController } from './tokens.controller.js';
import { TokensService } from './tokens.service.js';
import { Users } from './users.js';
import { VisitorInterceptor } from './visitor.interceptor.js';

const users = {
  provide: Users,
  useFactory: (settings: Settings, log: Logger) => {
    const known = new Users(settings, log);
    checkAccessSettings(settings, known.areThere);
    return known;
  },
  inject: [Settings, LOG],
};

const onRedis = [Sessions, ApiTokens, Oidc].map((provide) => ({
  provide,
  useFactory: (redis: Redis, settings: Settings) => new provide(redis, settings),
  inject: [COMMANDS, Settings],
}));

const door = {
  provide: Door,
  useFactory: (settings: Settings, known: Users, oidc: Oidc) => new Door(settings, known, oidc),
  inject: [Settings, Users, Oidc],
};

const roles = {
  provide: Roles,
  useFactory: (known: Users, settings: Settings) => new Roles(known, settings),
  inject: [Users, Settings],
};

/** Who may come in and do what. The gate goes into the app's middleware, before bodies are read. */
@Global()
@Module({
  imports: [DiscoveryModule],
  controllers: [LoginController, OidcController, MeController, TokensController],
  providers: [
    ...[users, ...onRedis, door, roles],
    ...[LoginService, TokensService, Gate, RateLimit, RouteCheck],
    { provide: APP_GUARD, useClass: AccessGuard },
    { provide: APP_INTERCEPTOR, useClass: VisitorInterceptor },
  ],
  exports: [Gate, Door, RateLimit, TokensService],
})
export class AccessModule {}
