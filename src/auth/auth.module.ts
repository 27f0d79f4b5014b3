import { Global, Module } from '@nestjs/common';
import { APP_GUARD, DiscoveryModule } from '@nestjs/core';
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import { Settings } from '../platform/config/settings.js';
import { LOG } from '../platform/logging/logging.module.js';
import { COMMAND_CLIENT } from '../bullmq/tokens.js';
import { SessionChanges } from './session-changes.js';
import { PermissionGuard } from './permission.guard.js';
import { ApiTokens } from './api-tokens.js';
import { LoginState } from './login-state.js';
import { checkAuthSettings } from './check-bind-address.js';
import { EmergencyAccess } from './emergency.js';
import { EmergencyController } from './emergency.controller.js';
import { AuthenticationMiddleware } from './authentication.middleware.js';
import { SavedForms } from './saved-forms.js';
import { LoginController } from './login.controller.js';
import { LoginService } from './login.service.js';
import { MeController } from './me.controller.js';
import { Oidc } from './oidc.js';
import { OidcController } from './oidc.controller.js';
import { RateLimit } from './rate-limit.js';
import { RecordSeal } from './record-seal.js';
import { Roles } from './roles.js';
import { RouteCheck } from './route-check.js';
import { SecondFactorService } from './second-factor.service.js';
import { SecondFactors } from './second-factors.js';
import { SecondStepController } from './second-step.controller.js';
import { Sessions } from './sessions.js';
import { SessionsController } from './sessions.controller.js';
import { SessionsService } from './sessions.service.js';
import { TokensController } from './tokens.controller.js';
import { TokensService } from './tokens.service.js';
import { Users } from './users.js';
import { HandlerEnds } from './handler-ends.js';

const users = {
  provide: Users,
  useFactory: (settings: Settings, log: Logger) => {
    const known = new Users(settings, log);
    checkAuthSettings(settings, known.hasAny);
    return known;
  },
  inject: [Settings, LOG],
};

const seal = {
  provide: RecordSeal,
  useFactory: (settings: Settings, log: Logger) => new RecordSeal(settings, log),
  inject: [Settings, LOG],
};

const onRedis = [Sessions, ApiTokens].map((provide) => ({
  provide,
  useFactory: (redis: Redis, settings: Settings, records: RecordSeal, changes: SessionChanges) =>
    new provide(redis, settings, records, () => changes.publish()),
  inject: [COMMAND_CLIENT, Settings, RecordSeal, SessionChanges],
}));

const oidc = {
  provide: Oidc,
  useFactory: (redis: Redis, settings: Settings, records: RecordSeal) => new Oidc(redis, settings, records),
  inject: [COMMAND_CLIENT, Settings, RecordSeal],
};

const factors = {
  provide: SecondFactors,
  useFactory: (redis: Redis, settings: Settings, records: RecordSeal) =>
    new SecondFactors(redis, settings, records),
  inject: [COMMAND_CLIENT, Settings, RecordSeal],
};

const emergencies = {
  provide: EmergencyAccess,
  useFactory: (
    redis: Redis,
    settings: Settings,
    records: RecordSeal,
    sessions: Sessions,
    changes: SessionChanges,
  ) => new EmergencyAccess(redis, settings, records, sessions, changes),
  inject: [COMMAND_CLIENT, Settings, RecordSeal, Sessions, SessionChanges],
};

const loginState = {
  provide: LoginState,
  useFactory: (settings: Settings, known: Users, provider: Oidc) => new LoginState(settings, known, provider),
  inject: [Settings, Users, Oidc],
};

const roles = {
  provide: Roles,
  useFactory: (known: Users, settings: Settings) => new Roles(known, settings),
  inject: [Users, Settings],
};

/** Authentication and authorization. The app installs the middleware before its body parsers. */
@Global()
@Module({
  imports: [DiscoveryModule],
  controllers: [
    LoginController,
    EmergencyController,
    SecondStepController,
    OidcController,
    MeController,
    SessionsController,
    TokensController,
  ],
  providers: [
    ...[users, seal, ...onRedis, factors, emergencies, oidc, loginState, roles],
    ...[SessionChanges, LoginService, SecondFactorService, SessionsService, TokensService],
    ...[AuthenticationMiddleware, SavedForms, RateLimit, RouteCheck, HandlerEnds],
    { provide: APP_GUARD, useClass: PermissionGuard },
  ],
  exports: [
    AuthenticationMiddleware,
    LoginState,
    SavedForms,
    RateLimit,
    SecondFactorService,
    SessionsService,
    TokensService,
  ],
})
export class AuthModule {}
