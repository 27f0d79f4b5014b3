/**
 * Settings of a worker that serves no isolated task type of the product. It starts no process for them in advance, which
 * costs as much as a worker.
 */
export const DEFAULT_QUEUE_ONLY = { WORKER_QUEUES: 'default' };
