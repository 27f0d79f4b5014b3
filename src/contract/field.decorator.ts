/** @deprecated Import from `task-api/field.decorator.js`; this path goes with 0.3. */
export * from '../task-api/field.decorator.js';
