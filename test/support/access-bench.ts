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
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { AccessModule } from '../../src/access/access.module.js';
import { Gate } from '../../src/access/gate.js';
import { drawLogin } from '../../src/access/login-page.js';
import { Needs } from '../../src/access/needs.js';
import { toTrustProxy } from '../../src/access/trust-proxy.js';
import { actor } from '../../src/access/visitor.js';
import { AuditLog } from '../../src/audit/audit-log.js';
import { AuditModule } from '../../src/audit/audit.module.js';
import { AuditTrail } from '../../src/audit/audit-trail.js';
import { ConfigModule } from '../../src/config/config.module.js';
import { loadSettings } from '../../src/config/load-settings.js';
import { Settings } from '../../src/config/settings.js';
import type { KeptAuditEntry } from '../../src/history/store/audit-store.js';
import type { HistoryStore } from '../../src/history/store/history-store.js';
import { StoreEngine } from '../../src/history/store/store-engine.js';
import { HISTORY } from '../../src/history/tokens.js';
import { bodyParsers } from '../../src/http/body-parsers.js';
import { ERROR_PAGE, ProblemFilter } from '../../src/http/problem.filter.js';
import { requestId } from '../../src/http/request-id.js';
import { sameSite } from '../../src/http/same-site.js';
import { securityHeaders } from '../../src/http/security-headers.js';
import type { Problem } from '../../src/http/to-problem.js';
import { LoggingModule } from '../../src/logging/logging.module.js';
import { closeConnection, failFastConnection } from '../../src/queue/redis-connections.js';
import { COMMANDS } from '../../src/queue/tokens.js';
import { errorPage } from '../../src/web/error-page.js';
import { setupViews } from '../../src/web/views.setup.js';

/** Stands for all the rooms whose routes say what they need. */
@Controller()
export class ThingsController {
  /** What reached a handler. */
  readonly done: string[] = [];

  @Get('things')
  @Needs('tasks.read')
  list(): string {
    return '<p>things</p>';
  }

  @Post('things/:id/cancel')
  @Needs('tasks.act')
  cancel(@Param('id') id: string, @Req() req: Request): { by: string } {
    this.done.push(`cancel ${id} ${req.method}`);
    return { by: actor('the web page') };
  }

  @Post('api/v1/things')
  @Needs('tasks.submit')
  add(@Body() body: unknown): { by: string } {
    this.done.push(`add ${JSON.stringify(body)}`);
    return { by: actor('the API') };
  }

  @Get('api/v1/things/:id')
  @Needs('tasks.read')
  get(@Param('id') id: string): { id: string } {
    return { id };
  }

  @Delete('api/v1/things/:id')
  @Needs('tasks.act')
  remove(@Param('id') id: string): { by: string } {
    this.done.push(`remove ${id}`);
    return { by: actor('the API') };
  }

  @Get('api/v1/hidden')
  @Needs('secrets.reveal')
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
    const redis = failFastConnection(settings, 'test', log);

    @Module({
      imports: [
        ConfigModule.forRoot(settings),
        LoggingModule.forRoot(log),
        shared([
          { provide: COMMANDS, useValue: redis },
          { provide: HISTORY, useValue: historyOf(engine) },
        ]),
        AccessModule,
        AuditModule,
      ],
      controllers: [ThingsController, ...controllers],
      providers: [ProblemFilter, { provide: ERROR_PAGE, useValue: page }, ...providers],
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

  get redis(): Redis {
    return this.app.get<Redis>(COMMANDS);
  }

  /** All that was logged. */
  get log(): string {
    return this.lines.join('');
  }

  /** Newest first, once all of it is written. */
  async audit(): Promise<KeptAuditEntry[]> {
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
  const gate = app.get(Gate);
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
    },
  };
}

/** As the product's own error page is to do it. */
function page(problem: Problem, req: Request, res: Response): void {
  if (problem.code === 'UNAUTHENTICATED') drawLogin(req, res);
  else errorPage(problem, req, res);
}
