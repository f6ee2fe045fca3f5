-- The changes of state. Each leaves the queue whole.

-- tell hints to the node of p: MADE or OVER. Each node gets all hints of a run in one message.
local MADE, OVER = '1', '2'
local hints = {}

local function tell(p, kind, blob, reason)
	local to = hints[p[HOME]]
	if not to then
		to = {}
		hints[p[HOME]] = to
	end
	to[#to + 1] = struct.pack('>c1Hc0Hc0Hc0', kind, #p[SESSION], p[SESSION], #reason, reason, #blob, blob)
end

local function writeHints()
	for node, to in pairs(hints) do call('PUBLISH', HINTS .. node, table.concat(to)) end
end

-- For estimates: mode → people paired by this run, counted in slots of time.
local matched = {}

local function writeRates()
	local slot = floor(now / SLOT)
	for mode, n in pairs(matched) do
		if call('HINCRBY', RATES .. mode, slot, n) == n then -- a new slot: old ones go
			for _, old in ipairs(call('HKEYS', RATES .. mode)) do
				if slot - old >= SLOTS then call('HDEL', RATES .. mode, old) end
			end
		end
	end
end

local sequence -- of arrivals, among equals in time

-- enroll gives p a place, and a lease until then; enter puts it into the lists.
local function enroll(p, lease)
	sequence = (sequence or tonumber(call('GET', SEQUENCE) or 0)) + 1
	p[STATE], p[PLACE] = WAITING, format('%011x%011x', p[SINCE], sequence)
	local past = p[SINCE] + PATIENCE <= now
	p[OPEN] = (past or p[TAGS] == '') and 1 or 0
	p[WIDE] = past and p[WIDEN] or 0
	due(LEASE, p, lease)
	put(people, p[SESSION], p)
	put(users, p[USER], p[SESSION])
end

local function changes(p) return p[SINCE] + PATIENCE > now and (p[OPEN] == 0 or p[WIDEN] == 1) end

local function await(p)
	if changes(p) then due(GRACE, p, p[SINCE] + PATIENCE) end
	enter(p)
end

local function quit(p)
	if changes(p) then due(GRACE, p, false) end
	leave(p)
end

-- drop takes p out of everything but a pair.
local function drop(p)
	if p[STATE] == WAITING then quit(p) end
	if p[STATE] ~= ABSENT then put(users, p[USER], false) end
	due(LEASE, p, false)
	put(people, p[SESSION], false)
end

-- join pairs p, who is in no list, with one who is. It returns what the two nodes are to know.
local function join(p, other)
	quit(other)
	local has, shared = {}, ''
	for _, tag in ipairs(tagsOf(other)) do has[tag] = true end
	for _, tag in ipairs(tagsOf(p)) do
		if has[tag] then shared = shared .. '\n' .. sub(tag, 2) end
	end
	-- Unguessable, since ARGV[2] is random and known to nobody else; unique also when a client sends a batch twice,
	-- since a name holds a place, and makes one pair.
	local id = redis.sha1hex(ARGV[2] .. name(p))
	local blob = struct.pack('>Bc0Bc0dHc0Hc0Hc0', #id, id, #p[MODE], p[MODE], now, #p[SIDE], p[SIDE], #other[SIDE], other[SIDE], #shared, shared)
	for seat, x in ipairs({p, other}) do
		x[STATE], x[PAIR], x[SEAT], x[OTHER] = PAIRED, id, seat, (x == p and other or p)[SESSION]
		save(x)
	end
	put(couples, id, '0' .. blob) -- the digit: 1 if the first has confirmed, plus 2 if the second has
	due(UNCONFIRMED, p, now + CONFIRM)
	matched[p[MODE]] = (matched[p[MODE]] or 0) + 2
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
	due(LEASE, p, now + LEASE_TIME)
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
			local lease = dues.changed[LEASE .. name(x)] or call('ZSCORE', DUE, LEASE .. name(x)) or now
			drop(x)
			enroll(x, lease)
			tell(x, OVER, blob, 'lost')
			await(x)
			try(x)
		end
	end
end
