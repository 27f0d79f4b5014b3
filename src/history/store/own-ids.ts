/*
 * Ids that Roost gives out (queue/task-ids.ts) are no words of the text index, where each would be a word of its own that no
 * other task has: who looks for one, or for how one begins, is led to the index of ids.
 */
const OWN = /^[tk][0-9a-hjkmnp-tv-z]{25}$/;
const BEGINNING = /^[tk][0-9a-hjkmnp-tv-z]{0,25}$/;

export function isOwnId(id: string): boolean {
  return OWN.test(id);
}

/** Whether one of them could be meant; `text` in lower case. */
export function mayBeOwnId(text: string, isPrefix: boolean): boolean {
  return (isPrefix ? BEGINNING : OWN).test(text);
}
