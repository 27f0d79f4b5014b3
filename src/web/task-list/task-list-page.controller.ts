import { Body, Controller, Get, Param, Post, Query, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { RequirePermission } from '../../auth/require-permission.js';
import { RoostError } from '../../model/errors.js';
import type { TaskView } from '../../model/task-view.js';
import { printQuery } from '../../history/query/print-query.js';
import { idInPath, isIssuedId, JOB_ID } from '../../bullmq/task-ids.js';
import { isStateChoice, replaced } from '../../search/query-edit.js';
import { SavedSearches } from '../../search/saved-searches.service.js';
import type { ParsedSearch, SearchParams } from '../../search/search-params.js';
import { SearchService } from '../../search/search.service.js';
import {
  areUsual,
  isColumn,
  movedColumn,
  toColumns,
  USUAL_COLUMNS,
  type TaskColumn,
} from '../../search/task-columns.js';
import type { JobCommands } from '../../tasks/job-commands.js';
import { TaskQueries } from '../../tasks/task-queries.js';
import { runFormAction } from '../kit/form-action.js';
import { storeColumns, loadColumns } from './column-cookie.js';
import { PageShellService, LIVE_FLEET } from '../kit/page-shell.service.js';
import { withQuery, type ListAddress, toHref } from './task-list-address.js';
import { withoutEachCondition, withFilters, type Loosening } from './task-list-filters.js';
import { PAGE_SIZE, toBrokenList, toListFrame, toListPage, formatTotal } from './task-list-page.js';
import { toFormError, type FormError } from '../kit/form-error.js';
import { allOf, lastOf, localPath, type Params, typed } from '../kit/params.js';

/** Parameters of links and selects beside the search box. They are added to the query. */
const FILTERS = ['state', 'type', 'queue', 'worker', 'tag', 'from', 'to', 'sort', 'period'] as const;
/** Maximum number of conditions tried without, if nothing matches. */
const MAX_LOOSENED = 6;
/** Minimum length of a word that is tried as an id at once. Ids of other programs may be any word. */
const MIN_FOREIGN_ID_LENGTH = 12;

@Controller('tasks')
@RequirePermission('tasks.read')
export class TaskListPageController {
  constructor(
    private readonly search: SearchService,
    private readonly searches: SavedSearches,
    private readonly tasks: TaskQueries,
    private readonly shells: PageShellService,
  ) {}

  @Get()
  async list(@Query() query: Params, @Req() request: Request, @Res() response: Response): Promise<void> {
    const here = addressOf(query);
    if (lastOf(query, 'columns') !== undefined && this.redirectColumns(query, here, response)) return;
    const id = await this.idIn(here.q);
    if (id) return response.redirect(303, `/tasks/${idInPath(id)}`);
    if (FILTERS.some((name) => query[name] !== undefined)) {
      const filtered = this.tryFilters(query, here);
      if ('href' in filtered) return response.redirect(303, filtered.href);
      return this.drawBroken(filtered.error, here, query, request, response);
    }
    await this.draw(here, query, request, response);
  }

  @Post('searches')
  @RequirePermission('searches.save')
  async save(@Body() body: Params, @Req() request: Request, @Res() response: Response): Promise<void> {
    const here = addressOf(body);
    await runFormAction(
      response,
      async () => {
        const columns = here.columns;
        const { search, added } = await this.searches.save({
          name: lastOf(body, 'name'),
          q: here.q,
          ...(columns && !areUsual(columns) ? { columns } : {}),
        });
        return { to: search.links.page, flash: added ? 'search-saved' : 'search-replaced' };
      },
      (error) => this.draw(here, body, request, response, toFormError(error)),
    );
  }

  @Post('searches/:id/delete')
  @RequirePermission('searches.save')
  async remove(@Param('id') id: string, @Body() body: Params, @Res() response: Response): Promise<void> {
    await this.searches.remove(id).catch((error: unknown) => {
      // Another user has already deleted it.
      if (!(error instanceof RoostError) || error.code !== 'SEARCH_NOT_FOUND') throw error;
    });
    const back = new URL(localPath(lastOf(body, 'back'), '/tasks'), 'http://local');
    back.searchParams.set('flash', 'search-deleted');
    response.redirect(303, back.pathname + back.search);
  }

  private async draw(
    here: ListAddress,
    query: Params,
    request: Request,
    response: Response,
    trouble?: FormError,
  ): Promise<void> {
    const columns = here.columns ?? loadColumns(request) ?? USUAL_COLUMNS;
    const [found, saved] = await Promise.all([this.find(here), this.searches.all()]);
    if (found.error) return this.drawBroken(found.error, here, query, request, response);
    const { parsed, listing, counts, known } = found;
    const [frame, acts, loosen] = await Promise.all([
      this.shells.frame({ title: 'Tasks', section: 'tasks', live: LIVE_FLEET, query }),
      this.actsOf(listing.items),
      listing.items.length === 0 && !here.cursor ? this.loosen(parsed, here) : [],
    ]);
    const status = this.search.status();
    const parts = {
      here,
      query: parsed.query,
      columns,
      listing,
      acts,
      counts,
      known,
      saved,
      status,
      loosen,
      ...parseMoved(query),
    };
    response.render('tasks/list', { ...frame, ownSearch: true, ...toListPage(parts), trouble });
  }

  /** Returns undefined while Redis does not answer; the states alone decide then. */
  private async actsOf(tasks: readonly TaskView[]): Promise<ReadonlyMap<TaskView, JobCommands>> {
    try {
      return await this.tasks.commandsOfListed(tasks);
    } catch (error) {
      if (error instanceof RoostError && error.status === 503) return new Map();
      throw error;
    }
  }

  private async find(here: ListAddress) {
    try {
      const parsed = this.search.parse({ q: here.q });
      const open = replaced(parsed.query, isStateChoice);
      const [listing, counts, known] = await Promise.all([
        this.search.page(parsed.query, { limit: PAGE_SIZE, ...(here.cursor ? { cursor: here.cursor } : {}) }),
        this.search.countsOf({ filter: open.filter, text: printQuery({ ...open, sort: null }) }),
        this.search.countsOf({ filter: null, text: '' }),
      ]);
      return { parsed, listing, counts, known, error: undefined };
    } catch (error) {
      if (error instanceof RoostError && error.code === 'QUERY_INVALID') return { error };
      throw error;
    }
  }

  private async drawBroken(
    error: RoostError,
    here: ListAddress,
    query: Params,
    request: Request,
    response: Response,
  ): Promise<void> {
    const columns = here.columns ?? loadColumns(request) ?? USUAL_COLUMNS;
    const [frame, saved] = await Promise.all([
      this.shells.frame({ title: 'Tasks', section: 'tasks', query }),
      this.searches.all(),
    ]);
    const list = toListFrame(here, columns, saved);
    response.status(error.status);
    response.render('tasks/list', {
      ...frame,
      ownSearch: true,
      ...toBrokenList(list, error.fields ?? [], error.extra),
    });
  }

  /** Returns only the conditions whose removal finds tasks. */
  private async loosen({ query }: ParsedSearch, here: ListAddress): Promise<Loosening[]> {
    const tried = await Promise.all(
      withoutEachCondition(query)
        .slice(0, MAX_LOOSENED)
        .map(async ({ label, query: looser }) => ({
          label,
          without: withQuery(here, printQuery(looser)),
          found: await this.search.total(looser.filter),
        })),
    );
    return tried
      .filter(({ found }) => found.total > 0)
      .sort((a, b) => a.found.total - b.found.total)
      .map(({ label, without, found }) => ({ label, without, count: formatTotal(found) }));
  }

  /** Returns the id of a task if the query is nothing but that id. */
  private async idIn(q: string): Promise<string | undefined> {
    const id = q.replace(/^#/, '');
    if (isIssuedId(id.toLowerCase())) return id.toLowerCase();
    return id.length >= MIN_FOREIGN_ID_LENGTH && JOB_ID.test(id) && (await this.search.has(id))
      ? id
      : undefined;
  }

  /** Stores the columns that a form sends, and redirects to their address. Returns false for any other request. */
  private redirectColumns(query: Params, here: ListAddress, response: Response): boolean {
    const named = allOf(query, 'columns');
    if (named.at(-1) === 'usual') {
      storeColumns(response, undefined);
      response.redirect(303, toHref({ q: here.q }));
      return true;
    }
    if (lastOf(query, 'remember') === undefined) return false;
    const { moved } = parseMoved(query);
    const [column, direction] = (moved ?? '').split(':') as [TaskColumn, 'left' | 'right'];
    const columns = here.columns && (moved ? movedColumn(here.columns, column, direction) : here.columns);
    storeColumns(response, columns);
    const address = withQuery({ q: here.q, ...(columns ? { columns } : {}) }, here.q);
    response.redirect(303, moved ? `${address}&move=${encodeURIComponent(moved)}` : address);
    return true;
  }

  private tryFilters(query: Params, here: ListAddress): { href: string } | { error: RoostError } {
    try {
      const given = (name: string) => typed(query, name);
      const asked: SearchParams = Object.fromEntries(
        FILTERS.filter((name) => name !== 'period').map((name) => [
          name,
          name === 'state' ? allOf(query, name).join(',') : given(name),
        ]),
      );
      const from = given('period') ?? asked.from;
      const cleared = FILTERS.filter((name) => query[name] !== undefined && given(name) === undefined);
      const present = this.search.parse({ q: here.q }).query;
      const changed = withFilters(
        present,
        this.search.parse({ ...asked, ...(from ? { from } : {}) }).query,
        cleared,
      );
      return { href: withQuery(here, printQuery(changed)) };
    } catch (error) {
      if (error instanceof RoostError && error.code === 'QUERY_INVALID') return { error };
      throw error;
    }
  }
}

function addressOf(params: Params): ListAddress {
  const columns = columnsOf(params);
  const cursor = typed(params, 'cursor');
  const page = Number(typed(params, 'page') ?? 2);
  return {
    q: typed(params, 'q') ?? '',
    ...(columns ? { columns } : {}),
    ...(cursor
      ? {
          cursor,
          trail: typed(params, 'trail')?.split(',') ?? [],
          page: Number.isSafeInteger(page) && page > 1 && page < 1e6 ? page : 2,
        }
      : {}),
  };
}

/** Returns the column that is being moved, or was moved last. */
function parseMoved(params: Params): { moved?: string } {
  const moved = lastOf(params, 'move') ?? '';
  return /^\w+:(left|right)$/.test(moved) && isColumn(moved.split(':')[0]!) ? { moved } : {};
}

function columnsOf(params: Params): TaskColumn[] | undefined {
  return toColumns(allOf(params, 'columns').flatMap((names) => names.split(',')));
}
