-- Carries out what a node has decided, if the queue is still what it decided on, and answers the time.
-- KEYS: version. ARGV: version before, version after, then commands: how many words, then these.
local version = redis.call('GET', KEYS[1])
if version ~= ARGV[1] then
	return version == ARGV[2] and redis.call('TIME') -- sent twice: it is done; else another leads, or Redis has lost writes
end
if ARGV[2] ~= version then redis.call('SET', KEYS[1], ARGV[2]) end
local i, n = 3, #ARGV
while i <= n do
	local last = i + tonumber(ARGV[i])
	redis.call(unpack(ARGV, i + 1, last))
	i = last + 1
end
return redis.call('TIME')
