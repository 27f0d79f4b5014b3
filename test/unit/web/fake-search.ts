import type { TaskPage } from '../../../src/model/task-view.js';
import type { RecorderStatus } from '../../../src/history/history-status.js';
import type { GroupCounts } from '../../../src/history/ports/history-store.js';
import { NO_REDACTION } from '../../../src/platform/redaction/redaction.js';
import { parseSearch, type SearchParams } from '../../../src/search/search-params.js';
import type { SearchView } from '../../../src/search/search.openapi.js';
import type { FakeTasks } from './fake-services.js';

/** The history as pages see it: the tasks of `FakeTasks`, whatever is asked for. */
export class FakeSearch {
  recorder: RecorderStatus = {
    state: 'recording',
    at: new Date(0).toISOString(),
    lagMs: 0,
    perSecond: 0,
    queues: [],
    gaps: [],
  };
  /** Name of everything that is counted. */
  name = 'divide';
  isEmpty = false;

  constructor(private readonly tasks: FakeTasks) {}

  async page(): Promise<TaskPage> {
    const items = this.isEmpty ? [] : [...this.tasks.tasks.values()];
    return { items, total: items.length, totalIsExact: true, ...(this.isEmpty ? {} : { nextCursor: 'c9' }) };
  }

  async countsOf(): Promise<GroupCounts> {
    const by = { [this.name]: 1_200 };
    return { total: 1_200, isExact: true, byState: { failed: 2 }, byType: by, byQueue: by, byWorker: by };
  }

  async total() {
    return { total: 12, totalIsExact: true };
  }

  parse(params: SearchParams) {
    return parseSearch(params, NO_REDACTION);
  }

  async has(): Promise<boolean> {
    return false;
  }

  status(): RecorderStatus {
    return this.recorder;
  }
}

export class FakeSavedSearches {
  readonly saved: object[] = [];

  constructor(private readonly name: string) {}

  async all(): Promise<SearchView[]> {
    const links = { self: '/api/v1/searches/s1', page: '/tasks?q=ada', tasks: '/api/v1/tasks?q=ada' };
    return [{ id: 's1', name: this.name, q: this.name, createdAt: new Date(0).toISOString(), links }];
  }

  async save(search: object) {
    this.saved.push(search);
    return { search: (await this.all())[0]!, added: true };
  }

  async remove(): Promise<void> {}
}
