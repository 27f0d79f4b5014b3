/*
 * Ids created by Roost (bullmq/task-ids.ts) are excluded from the text index, where each would be a word of a single
 * task. A search for an id or its prefix uses the index of ids instead.
 */
const OWN = /^[tk][0-9a-hjkmnp-tv-z]{25}$/;
const BEGINNING = /^[tk][0-9a-hjkmnp-tv-z]{0,25}$/;

export function isOwnId(id: string): boolean {
  return OWN.test(id);
}

/** Whether the text may be such an id or its prefix; `text` in lower case. */
export function mayBeOwnId(text: string, isPrefix: boolean): boolean {
  return (isPrefix ? BEGINNING : OWN).test(text);
}
