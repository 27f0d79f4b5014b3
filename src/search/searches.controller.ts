import { Controller, Delete, Get, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { RequirePermission } from '../auth/require-permission.js';
import { requireParsedBody } from '../http/body-parsers.js';
import { objectBody } from '../http/json-body.js';
import { SavedSearches } from './saved-searches.service.js';
import type { SearchView } from './search.openapi.js';

/** REST endpoints of saved searches. */
@Controller('api/v1/searches')
@RequirePermission('searches.save')
export class SearchesController {
  constructor(private readonly searches: SavedSearches) {}

  @Get()
  @RequirePermission('tasks.read')
  async list(): Promise<{ items: SearchView[] }> {
    return { items: await this.searches.all() };
  }

  /** Answers 201 for a new name, 200 where a search of this name was replaced. */
  @Post()
  async save(@Req() req: Request, @Res({ passthrough: true }) res: Response): Promise<SearchView> {
    requireParsedBody(req, 'application/json');
    const { search, added } = await this.searches.save(objectBody(req.body, ['name', 'q', 'columns']));
    res.status(added ? 201 : 200);
    res.location(search.links.self);
    return search;
  }

  @Delete(':id')
  @HttpCode(204)
  remove(@Param('id') id: string): Promise<void> {
    return this.searches.remove(id);
  }
}
