import { MOVE_FIELDS, VALUE_FIELDS } from '../codec/task-event.js';

/*
 * Continues reading several event streams in one script, so that an entry cannot be trimmed between the check and the
 * read. Decodes the entries as `decodeEvent` does.
 *
 * KEYS     the streams
 * ARGV[1]  maximum entries per stream
 * ARGV[2]  approximate bytes in total
 * ARGV[3]  maximum value length; longer values are truncated
 * then     a place for each stream: entries after it are read
 *
 * Answers one JSON text: [now in ms, [first id, last id, place reached, [id, event, job id, prev, value, id, ...] or
 * 0]...]; ids are '' without a stream, and the first id is '' in an empty stream.
 */
export const READ_STREAMS = `
local most, left, longest = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local clock = redis.call('TIME')
local answer = { clock[1] .. string.format('%03d', math.floor(clock[2] / 1000)) }
local VALUES = { ${VALUE_FIELDS.map((name) => `${name} = true`).join(', ')} }
local MOVES = { ${MOVE_FIELDS.map((name) => `${name} = true`).join(', ')} }
for i, key in ipairs(KEYS) do
  local place = ARGV[3 + i]
  local first, last, flat = '', '', {}
  if redis.call('TYPE', key).ok == 'stream' then
    local info = redis.call('XINFO', 'STREAM', key)
    for f = 1, #info, 2 do
      if info[f] == 'last-generated-id' then last = info[f + 1]
      elseif info[f] == 'first-entry' and info[f + 1] then first = info[f + 1][1] end
    end
    local n, read = 0, 1
    while last ~= place and n < most and left > 0 and read > 0 do
      local page = redis.call('XRANGE', key, '(' .. place, '+', 'COUNT', math.min(200, most - n))
      read = #page
      for _, entry in ipairs(page) do
        place = entry[1]
        local fields = entry[2]
        local event, id, prev, value = '', '', '', ''
        for f = 1, #fields, 2 do
          local name = fields[f]
          if name == 'event' then event = fields[f + 1]
          elseif name == 'jobId' then id = fields[f + 1]
          elseif name == 'prev' then prev = fields[f + 1]
          elseif name == 'held' then prev = 'held'
          elseif MOVES[name] then prev = 'moved:' .. fields[f + 1]
          elseif VALUES[name] then value = fields[f + 1] end
        end
        left = left - #value - 60
        if #value > longest then value = string.sub(value, 1, longest) end
        if id ~= '' then
          local at = #flat
          flat[at + 1], flat[at + 2], flat[at + 3], flat[at + 4], flat[at + 5] = place, event, id, prev, value
        end
      end
      n = n + read
    end
  end
  answer[1 + i] = { first, last, place, #flat > 0 and flat or 0 }
end
return cjson.encode(answer)
`;

/*
 * Reads the ids of the newest entries.
 *
 * KEYS     the streams
 *
 * Answers the ids, '' without a stream.
 */
export const LAST_IDS = `
local answer = {}
for i, key in ipairs(KEYS) do
  answer[i] = ''
  if redis.call('TYPE', key).ok == 'stream' then
    local info = redis.call('XINFO', 'STREAM', key)
    for f = 1, #info, 2 do
      if info[f] == 'last-generated-id' then answer[i] = info[f + 1] end
    end
  end
end
return answer
`;
