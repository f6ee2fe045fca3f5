-- KEYS: session. ARGV: user, node, epoch, two digests, state, ttl in ms. Answers 1, or 0 when another has taken it.
local r = redis.call('HMGET', KEYS[1], 'node', 'epoch')
if r[1] and (r[1] ~= ARGV[2] or r[2] ~= ARGV[3]) then return 0 end
redis.call('HSET', KEYS[1], 'user', ARGV[1], 'node', ARGV[2], 'epoch', ARGV[3], 'now', ARGV[4], 'before', ARGV[5], 'state', ARGV[6])
redis.call('PEXPIRE', KEYS[1], ARGV[7])
return 1
