import {
  Body,
  Controller,
  Delete,
  Get,
  Module,
  Param,
  Post,
  Req,
  type DynamicModule,
  type Type,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Request, Response } from 'express';
import type { Redis } from 'ioredis';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { AuthModule } from '../../src/auth/auth.module.js';
import { AuthenticationMiddleware } from '../../src/auth/authentication.middleware.js';
import { SavedForms } from '../../src/auth/saved-forms.js';
import { LoginService } from '../../src/auth/login.service.js';
import { RecordSeal } from '../../src/auth/record-seal.js';
import { RequirePermission } from '../../src/auth/require-permission.js';
import { toTrustProxy } from '../../src/auth/trust-proxy.js';
import { actor } from '../../src/auth/principal.js';
import { AuditLog } from '../../src/audit/audit-log.js';
import { AuditModule } from '../../src/audit/audit.module.js';
import { AuditTrail } from '../../src/audit/audit-trail.js';
import { ConfigModule } from '../../src/platform/config/config.module.js';
import { loadSettings } from '../../src/platform/config/load-settings.js';
import { Settings } from '../../src/platform/config/settings.js';
import type { StoredAuditEntry } from '../../src/history/ports/audit-store.js';
import type { HistoryStore } from '../../src/history/ports/history-store.js';
import { StoreEngine } from '../../src/history/sqlite/store-engine.js';
import { HISTORY } from '../../src/history/tokens.js';
import { bodyParsers } from '../../src/http/body-parsers.js';
import { ERROR_PAGE, ProblemFilter } from '../../src/http/problem.filter.js';
import { requestId } from '../../src/http/request-id.js';
import { sameSite } from '../../src/http/same-site.js';
import { securityHeaders } from '../../src/http/security-headers.js';
import { LoggingModule } from '../../src/platform/logging/logging.module.js';
import { closeConnection, commandConnection } from '../../src/bullmq/connection/redis-connections.js';
import { COMMAND_CLIENT } from '../../src/bullmq/tokens.js';
import { errorPageWith } from '../../src/web/kit/render-error-page.js';
import { setupViews } from '../../src/web/kit/views.setup.js';
import { editRecord } from './sealed-records.js';

/** Stands for all the rooms whose routes say what they need. */
@Controller()
export class ThingsController {
  /** Requests that reached a handler. */
  readonly done: string[] = [];

  @Get('things')
  @RequirePermission('tasks.read')
  list(): string {
    return '<p>things</p>';
  }

  @Post('things/:id/cancel')
  @RequirePermission('tasks.act')
  cancel(@Param('id') id: string, @Req() req: Request): { by: string } {
    this.done.push(`cancel ${id} ${req.method}`);
    return { by: actor(req, 'the web page') };
  }

  @Post('api/v1/things')
  @RequirePermission('tasks.submit')
  add(@Body() body: unknown, @Req() req: Request): { by: string } {
    this.done.push(`add ${JSON.stringify(body)}`);
    return { by: actor(req, 'the API') };
  }

  @Get('api/v1/things/:id')
  @RequirePermission('tasks.read')
  get(@Param('id') id: string): { id: string } {
    return { id };
  }

  @Delete('api/v1/things/:id')
  @RequirePermission('tasks.act')
  remove(@Param('id') id: string, @Req() req: Request): { by: string } {
    this.done.push(`remove ${id}`);
    return { by: actor(req, 'the API') };
  }

  @Get('api/v1/hidden')
  @RequirePermission('secrets.reveal')
  reveal(): { value: string } {
    return { value: 'a hidden value' };
  }
}

interface BenchOptions {
  redisUrl: string;
  /** Settings, as in the environment. */
  env?: Record<string, string>;
  controllers?: Type[];
  providers?: DynamicModule['providers'];
  /** Users are in a folder of their own unless it is shared. */
  folder?: string;
}

/** A web app with the rooms of access and audit, and little else. */
export class AccessBench {
  private constructor(
    readonly app: NestExpressApplication,
    readonly url: string,
    readonly folder: string,
    private readonly engine: StoreEngine,
    private readonly lines: string[],
    private readonly ownsFolder: boolean,
  ) {}

  static async start({ redisUrl, env = {}, controllers = [], providers = [], folder }: BenchOptions) {
    const home = folder ?? mkdtempSync(join(tmpdir(), 'roost-access-'));
    const settings = loadSettings({
      REDIS_URL: redisUrl,
      PORT: '0',
      ACCESS_USERS_FILE: join(home, 'users'),
      ...env,
    });
    const lines: string[] = [];
    const log = pino(
      { level: 'debug' },
      new Writable({
        write(chunk: Buffer, _encoding, done) {
          lines.push(chunk.toString());
          done();
        },
      }),
    );
    const engine = new StoreEngine({ file: join(home, `history-${Math.random()}.db`) });
    const redis = commandConnection(settings, 'test', log);

    @Module({
      imports: [
        ConfigModule.forRoot(settings),
        LoggingModule.forRoot(log),
        shared([
          { provide: COMMAND_CLIENT, useValue: redis },
          { provide: HISTORY, useValue: historyOf(engine) },
        ]),
        AuthModule,
        AuditModule,
      ],
      controllers: [ThingsController, ...controllers],
      providers: [
        ProblemFilter,
        { provide: ERROR_PAGE, useFactory: errorPageWith, inject: [SavedForms] },
        ...providers,
      ],
    })
    class BenchModule {
      async onApplicationShutdown() {
        await closeConnection(redis);
      }
    }

    const app = await NestFactory.create<NestExpressApplication>(BenchModule, {
      logger: false,
      abortOnError: false,
      bodyParser: false,
      forceCloseConnections: true,
    }).catch(async (error: unknown) => {
      await closeConnection(redis);
      engine.close();
      throw error;
    });
    try {
      setup(app);
      await app.listen(settings.PORT, '127.0.0.1');
    } catch (error) {
      await app.close().catch(() => undefined);
      await closeConnection(redis);
      engine.close();
      throw error;
    }
    const url = (await app.getUrl()).replace('[::1]', '127.0.0.1');
    return new AccessBench(app, url, home, engine, lines, folder === undefined);
  }

  get things(): ThingsController {
    return this.app.get(ThingsController);
  }

  /** Resolves when the response to the next request has closed, answered or cut. */
  async nextClose(): Promise<void> {
    const [, res] = (await once(this.app.getHttpServer(), 'request')) as [unknown, Response];
    if (!res.closed) await once(res, 'close');
  }

  /** Resolves when the next request has arrived. */
  async nextRequest(): Promise<void> {
    await once(this.app.getHttpServer(), 'request');
  }

  /** As if nobody had tried a wrong password in the last minutes. */
  async forgetGuesses(): Promise<void> {
    this.app.get(LoginService).limit.local.clear();
    await this.redis.del('none', ...(await this.redis.keys('*:access:wrong:*')));
  }

  /** Changes a record of a login or a token as this app itself would write it. */
  async editRecord(key: string, change: object, ttlMs?: number): Promise<void> {
    await editRecord(this.redis, this.app.get(RecordSeal), key, change, ttlMs);
  }

  get redis(): Redis {
    return this.app.get<Redis>(COMMAND_CLIENT);
  }

  /** All that was logged. */
  get log(): string {
    return this.lines.join('');
  }

  /** Newest first, once all of it is written. */
  async audit(): Promise<StoredAuditEntry[]> {
    await this.app.get(AuditLog).flush();
    return this.engine.searchAudit({ limit: 1000 });
  }

  async stop(): Promise<void> {
    await this.app.close();
    this.engine.close();
    if (this.ownsFolder) rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The order of the product. */
function setup(app: NestExpressApplication): void {
  const filter = app.get(ProblemFilter);
  const gate = app.get(AuthenticationMiddleware);
  app.set('query parser', 'simple');
  app.set('trust proxy', toTrustProxy(app.get(Settings).TRUST_PROXY));
  app.use(requestId, app.get(AuditTrail).middleware, securityHeaders(), sameSite, gate.middleware);
  app.use(bodyParsers());
  app.use(filter.middleware);
  app.use('/api/docs', gate.requires({ permission: 'tasks.read' }));
  app.use('/api/docs', (_req: Request, res: Response, _next: NextFunction) => void res.send('the docs'));
  setupViews(app, { cache: true });
  app.useGlobalFilters(filter);
}

function shared(providers: { provide: symbol; useValue: unknown }[]): DynamicModule {
  class Shared {}
  return { module: Shared, global: true, providers, exports: providers.map(({ provide }) => provide) };
}

/** The store without its threads. */
function historyOf(engine: StoreEngine): Pick<HistoryStore, 'audits'> {
  return {
    audits: {
      append: async (entries) => engine.appendAudit(entries),
      search: async (search) => engine.searchAudit(search),
      forget: async (before) => engine.forgetAuditPiece(before).forgotten,
      links: async (after, limit) => engine.auditLinks(after, limit),
      claimExport: async (...args) => engine.claimAuditExport(...args),
      noteExport: async (...args) => engine.noteAuditExport(...args),
      releaseExport: async (...args) => engine.releaseAuditExport(...args),
    },
  };
}
