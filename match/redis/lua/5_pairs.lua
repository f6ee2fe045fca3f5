-- The changes of state. Each leaves the queue whole.

-- field writes one value so that a node can read it back, whatever is in it.
local function field(s) return #s .. ':' .. s end

-- tell hints to the node of p: MADE or OVER.
local MADE, OVER = '1', '2'
local function tell(p, kind, blob, reason)
	call('PUBLISH', HINTS .. p[HOME], kind .. field(p[SESSION]) .. field(reason) .. blob)
end

-- count adds two people to those paired in this slot of time, for estimates.
local function count(mode)
	local slot = math.floor(now / SLOT)
	if call('HINCRBY', RATES .. mode, slot, 2) == 2 then
		for _, old in ipairs(call('HKEYS', RATES .. mode)) do
			if slot - old >= SLOTS then call('HDEL', RATES .. mode, old) end
		end
	end
end

local sequence -- of arrivals, among equals in time

-- enroll gives p a place, and a lease until then; enter puts it into the lists.
local function enroll(p, lease)
	sequence = (sequence or tonumber(call('GET', SEQUENCE) or 0)) + 1
	p[STATE], p[PLACE] = WAITING, string.format('%011x%011x', p[SINCE], sequence)
	local past = p[SINCE] + PATIENCE <= now
	p[OPEN] = (past or #p[TAGS] == 0) and 1 or 0
	p[WIDE] = past and p[WIDEN] or 0
	due[LEASE .. entry(p)] = lease
	put(people, p[SESSION], p)
	put(users, p[USER], p[SESSION])
end

local function changes(p) return p[SINCE] + PATIENCE > now and (p[OPEN] == 0 or p[WIDEN] == 1) end

local function await(p)
	if changes(p) then due[GRACE .. entry(p)] = p[SINCE] + PATIENCE end
	enter(p)
end

local function quit(p)
	if changes(p) then due[GRACE .. entry(p)] = false end
	leave(p)
end

-- drop takes p out of everything but a pair.
local function drop(p)
	if p[STATE] == WAITING then quit(p) end
	if p[STATE] ~= ABSENT then put(users, p[USER], false) end
	due[LEASE .. entry(p)] = false
	put(people, p[SESSION], false)
end

local joined = 0 -- pairs that this run has made

-- join pairs p, who is in no list, with one who is. It returns what the two nodes are to know.
local function join(p, other)
	quit(other)
	local tags, has = '', {}
	for _, tag in ipairs(other[TAGS]) do has[tag] = true end
	for _, tag in ipairs(p[TAGS]) do
		if has[tag] then tags = tags .. field(sub(tag, 2)) end
	end
	joined = joined + 1
	local id = redis.sha1hex(ARGV[2] .. joined) -- unguessable: ARGV[2] is random and known to nobody else
	local blob = field(id) .. field(p[MODE]) .. field(tostring(now)) .. field(p[SIDE]) .. field(other[SIDE]) .. tags
	for seat, x in ipairs({p, other}) do
		x[STATE], x[PAIR], x[SEAT], x[OTHER] = PAIRED, id, seat, (x == p and other or p)[SESSION]
		save(x)
	end
	put(couples, id, '0' .. blob) -- the digit: 1 if the first has confirmed, plus 2 if the second has
	due[UNCONFIRMED .. entry(p)] = now + CONFIRM
	count(p[MODE])
	tell(other, MADE, blob, '')
	return blob
end

-- try pairs p, who is in the lists, and tells both.
local function try(p)
	local other = search(p)
	if other then
		quit(p)
		tell(p, MADE, join(p, other), '')
	end
end

-- dismiss makes p absent and tells it why, which is remembered for one lease.
local function dismiss(p, id, blob, reason)
	p[STATE], p[PAIR], p[ENDED] = ABSENT, id, reason
	due[LEASE .. entry(p)] = now + LEASE_TIME
	put(users, p[USER], false)
	save(p)
	tell(p, OVER, blob, reason)
end

-- dissolve takes a pair away and returns its sides, what it was, and its digit of confirmations.
local function dissolve(p)
	local id = p[PAIR]
	local value, other = get(couples, id) or '0', get(people, p[OTHER])
	put(couples, id, false)
	if not other or other[PAIR] ~= id then other = p end -- evicted by Redis: p at least is not stuck
	return p[SEAT] == 1 and {p, other} or {other, p}, sub(value, 2), tonumber(sub(value, 1, 1))
end

-- part ends the pair of p. Both are absent then, remember each other, and both but the session `by` are told.
local function part(p, reason, by)
	local id = p[PAIR]
	local sides, blob = dissolve(p)
	remember(RECENT, sides[1][USER], sides[2][USER], RECENT_FOR, RECENTS)
	remember(RECENT, sides[2][USER], sides[1][USER], RECENT_FOR, RECENTS)
	for _, x in ipairs(sides) do
		if x[SESSION] == by then drop(x) else dismiss(x, id, blob, reason) end
	end
end

-- lapse ends a pair that was not confirmed in time: who had confirmed is back at the old place.
local function lapse(p)
	local id = p[PAIR]
	local sides, blob, confirmed = dissolve(p)
	for i, x in ipairs(sides) do
		if bit.band(confirmed, i) == 0 then dismiss(x, id, blob, 'lost') end
	end
	for i, x in ipairs(sides) do
		if bit.band(confirmed, i) ~= 0 then
			local lease = due[LEASE .. entry(x)] or call('ZSCORE', DUE, LEASE .. entry(x))
			drop(x)
			enroll(x, lease)
			tell(x, OVER, blob, 'lost')
			await(x)
			try(x)
		end
	end
end
