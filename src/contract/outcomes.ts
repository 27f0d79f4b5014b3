/** @deprecated Import from `task-api/outcomes.js`; this path goes with 0.3. */
export * from '../task-api/outcomes.js';
