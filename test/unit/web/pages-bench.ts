import type { ArgumentsHost } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { getQueueToken } from '@nestjs/bullmq';
import { Test } from '@nestjs/testing';
import { BulkService } from '../../../src/bulk/bulk.service.js';
import { Catalog } from '../../../src/catalog/catalog.js';
import { defaultTaskTypesDir, loadTaskTypes } from '../../../src/catalog/load-task-types.js';
import { QUEUE_NAMES } from '../../../src/contract/queues.js';
import { FleetService } from '../../../src/fleet/fleet.service.js';
import { toProblem, toRoostError } from '../../../src/http/to-problem.js';
import { LimitsService } from '../../../src/limits/limits.service.js';
import { MonitoringService } from '../../../src/monitoring/monitoring.service.js';
import { ErrorsService } from '../../../src/monitoring/errors/errors.service.js';
import { NumbersService } from '../../../src/monitoring/numbers/numbers.service.js';
import { RedisDetailsReader } from '../../../src/monitoring/redis-details.js';
import { QueuesService } from '../../../src/queues/queues.service.js';
import { SavedSearches } from '../../../src/search/saved-searches.service.js';
import { SearchService } from '../../../src/search/search.service.js';
import { TaskFinder } from '../../../src/tasks/task-finder.js';
import { TaskStory } from '../../../src/tasks/task-story.js';
import { TasksService } from '../../../src/tasks/tasks.service.js';
import { WhyService } from '../../../src/tasks/why.service.js';
import { errorPage } from '../../../src/web/error-page.js';
import { WebModule } from '../../../src/web/web.module.js';
import { setupViews } from '../../../src/web/views.setup.js';
import { FakeBulks } from './fake-bulks.js';
import { FakeFleet, FakeLimits, FakeQueues, FakeRedisDetails, FakeWhys } from './fake-fleet.js';
import { FakeSavedSearches, FakeSearch } from './fake-search.js';
import { FakeErrors, FakeNumbers } from './fake-numbers.js';
import { FakeMonitoring, FakeTasks } from './fake-services.js';
import { FakeFinder, FakeStory } from './fake-story.js';

/** Would show as an element, leave an attribute and end a script, were it not escaped. */
export const HOSTILE = `</script><img src=x onerror=alert(1)> " ' {{x}} {{{x}}} &`;

/** The pages as they are wired in the app, on services without Redis. */
export class PagesBench {
  readonly tasks = new FakeTasks();
  readonly search = new FakeSearch(this.tasks);
  readonly searches = new FakeSavedSearches(HOSTILE);
  readonly bulks = new FakeBulks();
  readonly story = new FakeStory(this.tasks);
  readonly monitoring = new FakeMonitoring();
  readonly numbers = new FakeNumbers(HOSTILE);
  readonly errors = new FakeErrors(HOSTILE);
  readonly fleet = new FakeFleet();
  readonly queues = new FakeQueues();
  readonly limits = new FakeLimits();
  readonly whys = new FakeWhys();
  readonly redis = new FakeRedisDetails();
  private app: NestExpressApplication;
  private base: string;

  async start(): Promise<void> {
    const parts = (key: string) => Reflect.getMetadata(key, WebModule) as never[];
    const module = await Test.createTestingModule({
      controllers: parts('controllers'),
      providers: [
        ...parts('providers'),
        { provide: TasksService, useValue: this.tasks },
        { provide: SearchService, useValue: this.search },
        { provide: SavedSearches, useValue: this.searches },
        { provide: TaskFinder, useValue: new FakeFinder(this.tasks) },
        { provide: TaskStory, useValue: this.story },
        { provide: BulkService, useValue: this.bulks },
        { provide: WhyService, useValue: this.whys },
        { provide: MonitoringService, useValue: this.monitoring },
        { provide: NumbersService, useValue: this.numbers },
        { provide: ErrorsService, useValue: this.errors },
        { provide: RedisDetailsReader, useValue: this.redis },
        { provide: FleetService, useValue: this.fleet },
        { provide: QueuesService, useValue: this.queues },
        { provide: LimitsService, useValue: this.limits },
        { provide: Catalog, useValue: new Catalog(await loadTaskTypes(defaultTaskTypesDir())) },
        ...QUEUE_NAMES.map((name) => ({ provide: getQueueToken(name), useValue: { name } })),
      ],
    })
      // Pages that are not looked at here need things that nobody asks.
      .useMocker(() => ({}))
      .compile();
    this.app = module.createNestApplication<NestExpressApplication>({ forceCloseConnections: true });
    setupViews(this.app, { cache: true });
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
