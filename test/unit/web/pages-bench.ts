import type { ArgumentsHost } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import type { AuthenticationMiddleware } from '../../../src/auth/authentication.middleware.js';
import { Settings } from '../../../src/platform/config/settings.js';
import { SavedForms } from '../../../src/auth/saved-forms.js';
import { LOCAL_ADMIN } from '../../../src/auth/principal.js';
import { BulkActionsService } from '../../../src/bulk-actions/bulk-actions.service.js';
import { SharedClock } from '../../../src/platform/clock.js';
import { NO_REDACTION, Redaction } from '../../../src/platform/redaction/redaction.js';
import { TaskRegistry } from '../../../src/registry/task-registry.js';
import { defaultTaskTypesDir, loadTaskTypes } from '../../../src/registry/load-task-types.js';
import { COMMAND_CLIENT, SHARED_QUEUES } from '../../../src/bullmq/tokens.js';
import { WorkersService } from '../../../src/workers/workers.service.js';
import { toProblem, toRoostError } from '../../../src/http/to-problem.js';
import { LimitsService } from '../../../src/limits/limits.service.js';
import { MonitoringService } from '../../../src/monitoring/monitoring.service.js';
import { ErrorGroupsService } from '../../../src/monitoring/error-groups/error-groups.service.js';
import { StatsService } from '../../../src/monitoring/stats/stats.service.js';
import { RedisHealth, type RedisProblem } from '../../../src/bullmq/connection/redis-health.js';
import { RedisDetailsReader } from '../../../src/monitoring/redis-details.js';
import { QueuesService } from '../../../src/queues/queues.service.js';
import { SavedSearches } from '../../../src/search/saved-searches.service.js';
import { SearchService } from '../../../src/search/search.service.js';
import { TaskCommands } from '../../../src/tasks/task-commands.js';
import { QueueOutlooks } from '../../../src/tasks/queue-outlooks.js';
import { TaskQueries } from '../../../src/tasks/task-queries.js';
import { errorPageWith } from '../../../src/web/kit/render-error-page.js';
import { WebModule } from '../../../src/web/web.module.js';
import { setupViews } from '../../../src/web/kit/views.setup.js';
import { FakeValues } from './fake-values.js';
import { FakeBulks } from './fake-bulks.js';
import { FakeFleet, FakeLimits, FakeOutlooks, FakeQueues, FakeRedisDetails, FakeWhys } from './fake-fleet.js';
import { FakeSavedSearches, FakeSearch } from './fake-search.js';
import { FakeErrors, FakeNumbers } from './fake-numbers.js';
import { FakeMonitoring, FakeTasks } from './fake-services.js';
import { FakeStory } from './fake-story.js';

/** Would show as an element, leave an attribute and end a script, were it not escaped. */
export const HOSTILE = `</script><img src=x onerror=alert(1)> " ' {{x}} {{{x}}} &`;

/** The pages as they are wired in the app, on services without Redis. */
export class PagesBench {
  readonly tasks = new FakeTasks();
  readonly search = new FakeSearch(this.tasks);
  readonly searches = new FakeSavedSearches(HOSTILE);
  readonly bulks = new FakeBulks();
  readonly whys = new FakeWhys();
  readonly story = new FakeStory(this.tasks, this.whys);
  readonly monitoring = new FakeMonitoring();
  readonly numbers = new FakeNumbers(HOSTILE);
  readonly outlooks = new FakeOutlooks();
  readonly errors = new FakeErrors(HOSTILE);
  readonly fleet = new FakeFleet();
  readonly queues = new FakeQueues();
  readonly limits = new FakeLimits();
  readonly redis = new FakeRedisDetails();
  readonly health: { unreadableProblem?: RedisProblem; workersHiddenSince?: number } = {};
  readonly savedForms = new SavedForms(
    { present: async () => LOCAL_ADMIN } as unknown as AuthenticationMiddleware,
    NO_REDACTION,
  );
  private app: NestExpressApplication;
  private base: string;

  /** @param queries reads the tasks of the pages instead of `story`. */
  constructor(private readonly queries?: TaskQueries) {}

  async start(): Promise<void> {
    const parts = (key: string) => Reflect.getMetadata(key, WebModule) as never[];
    const module = await Test.createTestingModule({
      controllers: parts('controllers'),
      providers: [
        ...parts('providers'),
        SharedClock,
        { provide: Redaction, useValue: NO_REDACTION },
        { provide: SavedForms, useValue: this.savedForms },
        { provide: TaskCommands, useValue: this.tasks },
        { provide: TaskQueries, useValue: this.queries ?? this.story },
        { provide: SearchService, useValue: this.search },
        { provide: SavedSearches, useValue: this.searches },
        { provide: BulkActionsService, useValue: this.bulks },
        { provide: MonitoringService, useValue: this.monitoring },
        { provide: RedisHealth, useValue: this.health },
        { provide: StatsService, useValue: this.numbers },
        { provide: QueueOutlooks, useValue: this.outlooks },
        { provide: ErrorGroupsService, useValue: this.errors },
        { provide: RedisDetailsReader, useValue: this.redis },
        { provide: COMMAND_CLIENT, useValue: new FakeValues() },
        { provide: WorkersService, useValue: this.fleet },
        { provide: QueuesService, useValue: this.queues },
        { provide: LimitsService, useValue: this.limits },
        { provide: TaskRegistry, useValue: new TaskRegistry(await loadTaskTypes(defaultTaskTypesDir())) },
        { provide: Settings, useValue: new Settings() },
        { provide: SHARED_QUEUES, useValue: [{ name: 'default' }, { name: 'cpu' }] },
      ],
    })
      // Pages that are not looked at here need things that nobody asks.
      .useMocker(() => ({}))
      .compile();
    this.app = module.createNestApplication<NestExpressApplication>({ forceCloseConnections: true });
    setupViews(this.app, { cache: true });
    const errorPage = errorPageWith(this.savedForms);
    this.app.useGlobalFilters({
      catch(error: unknown, host: ArgumentsHost) {
        const http = host.switchToHttp();
        const problem = toProblem(toRoostError(error), HOSTILE);
        http.getResponse().status(problem.status);
        errorPage(problem, http.getRequest(), http.getResponse());
      },
    });
    await this.app.listen(0, '127.0.0.1');
    this.base = await this.app.getUrl();
  }

  stop(): Promise<void> {
    return this.app.close();
  }

  address(path: string): string {
    return this.base + path;
  }

  async get(path: string) {
    const response = await fetch(this.address(path), { redirect: 'manual' });
    return {
      status: response.status,
      location: response.headers.get('location'),
      html: await response.text(),
    };
  }

  async post(path: string, form: Record<string, string> | [string, string][]) {
    const response = await fetch(this.address(path), {
      method: 'POST',
      body: new URLSearchParams(form),
      redirect: 'manual',
    });
    return {
      status: response.status,
      location: response.headers.get('location'),
      html: await response.text(),
    };
  }
}
