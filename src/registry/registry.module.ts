import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { TaskRegistry } from './task-registry.js';
import type { ReportFault, SchemaCheck } from './validate-input.js';
import { defaultTaskTypesDir, loadTaskTypes } from './load-task-types.js';
import type { TaskType } from './task-type.js';

export interface RegistryOptions {
  /** Folder with one folder per task type. Defaults to `task-types` beside the registry. */
  dir?: string;
  /** Read and checked already; then no folder is read. */
  types?: readonly TaskType[];
  /** The queues there are. Defaults to those that the task types name. */
  queues?: readonly string[];
  /** Receives the errors that code of an input class throws. */
  report?: ReportFault;
  /** Holds inputs to the published schemas; without it to the validators alone, as it is with stored ones. */
  promised?: SchemaCheck;
}

/** Offers the `Catalog` everywhere. Reads and checks all task types before the app is up; a bad one stops the start. */
@Module({})
export class RegistryModule {
  static forRoot(options: RegistryOptions = {}): DynamicModule {
    return {
      module: RegistryModule,
      global: true,
      providers: [
        {
          provide: TaskRegistry,
          useFactory: async () =>
            new TaskRegistry(
              options.types ?? (await loadTaskTypes(options.dir ?? defaultTaskTypesDir())),
              options.report,
              options.queues,
              options.promised,
            ),
        },
      ],
      exports: [TaskRegistry],
    };
  }
}
