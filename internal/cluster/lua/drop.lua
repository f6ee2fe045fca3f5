-- KEYS: session. ARGV: node, epoch.
local r = redis.call('HMGET', KEYS[1], 'node', 'epoch')
if r[1] == ARGV[1] and r[2] == ARGV[2] then redis.call('DEL', KEYS[1]) end
return 0
