-- KEYS: name. ARGV: microseconds between events, burst. Answers 1, or 0 and the microseconds to wait.
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local interval = tonumber(ARGV[1])
local full = math.max(now, tonumber(redis.call('GET', KEYS[1]) or '0'))
local wait = full - now - interval * (ARGV[2] - 1)
if wait > 0 then return {0, wait} end
full = full + interval
redis.call('SET', KEYS[1], string.format('%.0f', full), 'PX', math.ceil((full - now) / 1000))
return {1, 0}
