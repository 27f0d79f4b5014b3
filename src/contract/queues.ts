/**
 * The queues a task type can name. `cpu` is for work that keeps a processor busy, so that it never
 * stands in the way of the short tasks in `default`.
 */
export const QUEUE_NAMES = ['default', 'cpu'] as const;

export type QueueName = (typeof QUEUE_NAMES)[number];
