/** @deprecated Import from `task-api/task.decorator.js`; this path goes with 0.3. */
export * from '../task-api/task.decorator.js';
