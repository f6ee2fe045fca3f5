-- Pairs of users remembered for a time: per user one sorted set by the end of that time, of 'r' (recent
-- partner) or 'b' (block) and the other user. Bounded per user, and per kind as a whole; the oldest go first.
local RECENT, BLOCKED = 'r', 'b'
local bonds = {} -- user → what he remembers, as this run has read it

local function remembered(user)
	local known = bonds[user]
	if not known then
		known = {}
		for _, bond in ipairs(call('ZRANGE', BONDS .. user, '(' .. now, '+inf', 'BYSCORE')) do known[bond] = true end
		bonds[user] = known
	end
	return known
end

-- apart says why two must not meet, if they must not: BLOCKED or RECENT, whoever remembers it.
local function apart(p, other)
	local mine = remembered(p[USER])
	if mine[BLOCKED .. other[USER]] then return BLOCKED end
	local theirs = call('ZMSCORE', BONDS .. other[USER], BLOCKED .. p[USER], RECENT .. p[USER])
	if theirs[1] and tonumber(theirs[1]) > now then return BLOCKED end
	if mine[RECENT .. other[USER]] or theirs[2] and tonumber(theirs[2]) > now then return RECENT end
end

local function forget(kind, user, other)
	call('ZREM', BONDS .. user, kind .. other)
	call('ZREM', BONDLOG .. kind, user .. '\0' .. other)
	bonds[user] = nil
end

local function remember(kind, user, other, keep, most)
	local key, till, last, same = BONDS .. user, now + keep, now + keep, {}
	local all = call('ZRANGE', key, 0, -1, 'WITHSCORES')
	for i = 1, #all, 2 do
		local at = tonumber(all[i + 1])
		last = math.max(last, at)
		if sub(all[i], 1, 1) == kind then
			if all[i] ~= kind .. other then same[#same + 1] = sub(all[i], 2) end
			till = math.max(till, at + 0.001) -- the order of two within a millisecond
		end
	end
	for i = 1, #same - most + 1 do forget(kind, user, same[i]) end
	call('ZADD', key, till, kind .. other)
	call('PEXPIRE', key, math.ceil(last - now) + 1)
	bonds[user] = nil

	local log = BONDLOG .. kind
	call('ZREMRANGEBYSCORE', log, '-inf', now)
	call('ZADD', log, till, user .. '\0' .. other)
	while call('ZCARD', log) > BONDS_OVERALL do
		local oldest = call('ZPOPMIN', log)[1]
		local cut = string.find(oldest, '\0', 1, true)
		forget(kind, sub(oldest, 1, cut - 1), sub(oldest, cut + 1))
	end
end
