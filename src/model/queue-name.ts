/** Queue of task types that name none. */
export const DEFAULT_QUEUE = 'default';

/** BullMQ joins names with ":" into Redis keys, so a name must not contain one. */
export const QUEUE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;
/** The same rule in words, to follow "must be". */
export const QUEUE_NAME_WORDS = 'of letters, digits and . _ -, at most 100, beginning with a letter or digit';
