-- KEYS: ZSET node by the time at which it counts as dead, HASH node -> counts. ARGV: node, counts or "" to leave, ttl in ms.
-- Answers all nodes that live and their counts, in turns.
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local over = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now)
if ARGV[2] == '' then over[#over + 1] = ARGV[1] end
for _, node in ipairs(over) do
	redis.call('ZREM', KEYS[1], node)
	redis.call('HDEL', KEYS[2], node)
end
if ARGV[2] ~= '' then
	redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[1])
	redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
end
for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, 2 * ARGV[3]) end
return redis.call('HGETALL', KEYS[2])
