/*
 * Derives the state of a job without scanning the wait list (BullMQ's getState scans it, which takes milliseconds on a long
 * one): a job with `finishedOn` is finished; a job with a lock or in `active` is running; the sorted sets find their members.
 *
 * `own`, `finishedOn` and `processedOn` are fields of its hash; `own` is `roost:state`. Returns the state, and the due time
 * (ms) of a delayed job.
 */
export const JOB_STATE = `
local function state_of(base, id, own, finishedOn, processedOn)
  if own then return own, 0 end
  if finishedOn then
    if redis.call('ZSCORE', base .. 'completed', id) then return 'completed', 0 end
    return 'failed', 0
  end
  if redis.call('EXISTS', base .. id .. ':lock') == 1 then return 'active', 0 end
  local due = redis.call('ZSCORE', base .. 'delayed', id)
  if due then return 'delayed', math.floor(tonumber(due) / 4096) end
  if processedOn and not redis.call('ZSCORE', base .. 'prioritized', id)
    and redis.call('LPOS', base .. 'active', id) then return 'active', 0 end
  if redis.call('ZSCORE', base .. 'waiting-children', id) then return 'waiting-children', 0 end
  return 'waiting', 0
end
`;

/** Lua's indexes of fields in a list of names. */
export function placesOf<Name extends string>(names: readonly Name[]): (name: Name) => number {
  return (name) => names.indexOf(name) + 1;
}

/** Names as a Lua list. */
export function luaList(names: readonly string[]): string {
  return `{ ${names.map((name) => `'${name}'`).join(', ')} }`;
}
