-- KEYS: session. ARGV: user, digest of the secret that was shown or "", node, "1": only with a live secret, ttl in ms.
-- Answers none, foreign, dead, or taken|live and: node before, epoch, two digests, state.
local r = redis.call('HMGET', KEYS[1], 'user', 'node', 'epoch', 'now', 'before', 'state')
if not r[1] then return {'none'} end
if r[1] ~= ARGV[1] then return {'foreign'} end
local live = ARGV[2] ~= '' and (ARGV[2] == r[4] or ARGV[2] == r[5])
if ARGV[4] == '1' and not live then return {'dead'} end
local epoch = tonumber(r[3]) + 1
redis.call('HSET', KEYS[1], 'node', ARGV[3], 'epoch', epoch)
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[5]) then redis.call('PEXPIRE', KEYS[1], ARGV[5]) end
return {live and 'live' or 'taken', r[2], epoch, r[4], r[5], r[6]}
