/** @deprecated Import from `task-api/pause.js`; this path goes with 0.3. */
export * from '../task-api/pause.js';
