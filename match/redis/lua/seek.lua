-- Answers who leads, the version, and the time. That is the caller, in a new term, if nobody else does.
-- KEYS: leader, version. ARGV: the caller, a new term, milliseconds of a lease, what channels of nodes begin with
-- or '': then nobody can be seen to be deaf.
local leader, version, now = redis.call('GET', KEYS[1]), redis.call('GET', KEYS[2]), redis.call('TIME')
local other = leader and version and leader ~= ARGV[1]
if other and ARGV[4] ~= '' then other = redis.call('PUBSUB', 'NUMSUB', ARGV[4] .. leader)[2] > 0 end
if not other then
	leader, version = ARGV[1], ARGV[2] .. ':' .. now[1] .. '.' .. now[2] -- never the same: this may be a late twin
	redis.call('SET', KEYS[1], leader, 'PX', ARGV[3])
	redis.call('SET', KEYS[2], version)
end
return {leader, version, now[1], now[2]}
