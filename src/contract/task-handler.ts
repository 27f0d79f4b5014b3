/** @deprecated Import from `task-api/task-handler.js`; this path goes with 0.3. */
export * from '../task-api/task-handler.js';
