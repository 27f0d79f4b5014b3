import { TaskRegistry } from '../registry/task-registry.js';
import { Settings } from '../platform/config/settings.js';
import { LOG } from '../platform/logging/logging.module.js';

/**
 * Providers that a handler may inject besides the classes of the task types and those of Nest. A test
 * compares the list with the worker's modules. Child processes of isolated tasks provide none of them.
 */
export const OFFERED_TO_HANDLERS: readonly unknown[] = [Settings, LOG, TaskRegistry];
