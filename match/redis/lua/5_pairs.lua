-- The changes of state. Each leaves the queue whole.

-- couple is what the nodes are to know of a pair of a, who has the first seat, and b: as standing answers it.
local function couple(a, b)
	local shared = ''
	if a[TAGS] ~= '' and b[TAGS] ~= '' then
		local has = {}
		for _, tag in ipairs(tagsOf(b)) do has[tag] = true end
		for _, tag in ipairs(tagsOf(a)) do
			if has[tag] then shared = shared .. '\n' .. sub(tag, 2) end
		end
	end
	return {PAIRED, a[PAIR], modes[a[MODE]], a[AT], sideOf(a), sideOf(b), shared}
end

-- tell hints to the node of p: MADE or OVER. Each node gets all hints of a run in one message.
local MADE, OVER = '1', '2'
local hints = {}

local function tell(p, kind, pair, reason)
	local to, session = hints[p[HOME]], p[SESSION]
	if not to then
		to = {}
		hints[p[HOME]] = to
	end
	local id, mode, first, second, shared = pair[2], pair[3], pair[5], pair[6], pair[7]
	to[#to + 1] = struct.pack('>c1dHBBBHHH', kind, pair[4], #session, #reason, #id, #mode, #first, #second, #shared)
		.. session .. reason .. id .. mode .. first .. second .. shared
end

local function writeHints()
	for node, to in pairs(hints) do call('PUBLISH', HINTS .. node, table.concat(to)) end
end

-- For estimates: mode → people paired by this run, counted in slots of time.
local matched = {}

local function writeRates()
	local slot = floor(now / SLOT)
	for mode, n in pairs(matched) do
		local key = RATES .. modes[mode]
		if call('HINCRBY', key, slot, n) == n then -- a new slot: old ones go
			for _, old in ipairs(call('HKEYS', key)) do
				if slot - old >= SLOTS then call('HDEL', key, old) end
			end
		end
	end
end

local sequence -- of arrivals, among equals in time

-- enroll gives p a place; enter puts it into the lists.
local function enroll(p)
	sequence = (sequence or tonumber(call('GET', SEQUENCE) or 0)) + 1
	p[STATE], p[ENTRY] = WAITING, format('%011x%011x', p[SINCE], sequence) .. p[LANG] .. ':' .. p[SESSION]
	local past = p[SINCE] + PATIENCE <= now
	p[OPEN] = (past or p[TAGS] == '') and 1 or 0
	p[WIDE] = past and p[WIDEN] or 0
	put(people, p[SESSION], p)
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

local grown = 0 -- how many pairs this run has made, less those it has ended

local function writePairs()
	if grown ~= 0 and call('INCRBY', PAIRS, grown) <= 0 then call('DEL', PAIRS) end
end

-- join pairs p, who is in no list, with one who is. It returns what the two nodes are to know.
local function join(p, other)
	quit(other)
	-- Unguessable, since ARGV[2] is random and known to nobody else; unique also when a client sends a batch twice,
	-- since an entry holds a place, and makes one pair.
	local id = redis.sha1hex(ARGV[2] .. p[ENTRY])
	p[STATE], p[PAIR], p[AT], p[CONFIRMED], p[SEAT], p[OTHER] = PAIRED, id, now, 0, 1, other[SESSION]
	other[STATE], other[PAIR], other[AT], other[CONFIRMED], other[SEAT], other[OTHER] = PAIRED, id, now, 0, 2, p[SESSION]
	save(p)
	save(other)
	grown = grown + 1
	queue(UNCONFIRMED, p)
	matched[p[MODE]] = (matched[p[MODE]] or 0) + 2
	local pair = couple(p, other)
	tell(other, MADE, pair, '')
	return pair
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
local function dismiss(p, pair, reason)
	p[STATE], p[PAIR], p[ENDED] = ABSENT, pair[2], reason
	lease(p)
	put(users, p[USER], false)
	save(p)
	tell(p, OVER, pair, reason)
end

-- partnerOf is who is in the pair of p, or nil if Redis has evicted his record.
local function partnerOf(p)
	local other = get(people, p[OTHER])
	return other and other[STATE] == PAIRED and other[PAIR] == p[PAIR] and other or nil
end

-- both returns the sides of the pair of p in their order.
local function both(p)
	local other = partnerOf(p) or p -- p at least is not stuck
	if p[SEAT] == 1 then return p, other end
	return other, p
end

-- part ends the pair of p. Both are absent then, remember each other, and both but the session `by` are told.
local function part(p, reason, by)
	local a, b = both(p)
	local pair = couple(a, b)
	grown = grown - 1
	remember(RECENT, a[USER], b[USER], RECENT_FOR, RECENTS)
	remember(RECENT, b[USER], a[USER], RECENT_FOR, RECENTS)
	for _, x in ipairs({a, b}) do
		if x[SESSION] == by then drop(x) else dismiss(x, pair, reason) end
	end
end

-- lapse ends a pair that was not confirmed in time: who had confirmed is back at the old place.
local function lapse(p)
	local a, b = both(p)
	local pair = couple(a, b)
	grown = grown - 1
	for _, x in ipairs({a, b}) do
		if x[CONFIRMED] == 0 then dismiss(x, pair, 'lost') end
	end
	for _, x in ipairs({a, b}) do
		if x[STATE] == PAIRED then
			local side = sideOf(x)
			local renewed = dues[LEASE .. x[ENTRY]] or call('ZSCORE', DUE, LEASE .. x[ENTRY])
			drop(x)
			enroll(x)
			due(LEASE, x, renewed or x[LEASED])
			x[LEASED] = 0
			put(users, x[USER], side)
			tell(x, OVER, pair, 'lost')
			await(x)
			try(x)
		end
	end
end
