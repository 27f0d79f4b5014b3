import { Module } from '@nestjs/common';
import { SavedSearches } from './saved-searches.service.js';
import { SearchService } from './search.service.js';
import { SearchesController } from './searches.controller.js';
import { Suggester } from './suggester.js';
import { TaskExport } from './task-export.js';

/** Searches for tasks in the history: lists, counts, suggestions, export, saved searches. */
@Module({
  controllers: [SearchesController],
  providers: [SearchService, Suggester, TaskExport, SavedSearches],
  exports: [SearchService, Suggester, TaskExport, SavedSearches],
})
export class SearchModule {}
