import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { Catalog } from './catalog.js';
import { defaultTaskTypesDir, loadTaskTypes } from './load-task-types.js';

export interface CatalogOptions {
  /** Folder with one folder per task type. Defaults to `task-types` beside the catalog. */
  dir?: string;
}

/** Offers the `Catalog` everywhere. Reads and checks all task types before the app is up; a bad one stops the start. */
@Module({})
export class CatalogModule {
  static forRoot(options: CatalogOptions = {}): DynamicModule {
    return {
      module: CatalogModule,
      global: true,
      providers: [
        {
          provide: Catalog,
          useFactory: async () => new Catalog(await loadTaskTypes(options.dir ?? defaultTaskTypesDir())),
        },
      ],
      exports: [Catalog],
    };
  }
}
