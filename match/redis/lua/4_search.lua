-- Who is the best partner for p now: the most shared tags, then the longest wait.
local LOOKED_AT = 16 -- entries that are compared by their shared tags, of all lists together
local FURTHER = 64 -- read of one list at a time while nobody before will do
local MANY = 1024 -- read of one list at most: more blocked ones, or other languages, in front hide the rest

-- refused says why p and an entry must not meet, if they must not; else it returns who stands there.
local function refused(p, e)
	local c = named(e)
	if not c or c[STATE] ~= WAITING then return 'nobody' end -- Redis has evicted his record
	return apart(p, c), c
end

-- first finds the longest waiting of several lists, if he will do: nearly always he does.
local function first(p, found, n, tags)
	local oldest
	for i = 1, n do
		local e = front(found[i], 1)[1]
		if e and (not oldest or e < oldest) then oldest = e end
	end
	if not oldest or oldest == p[ENTRY] or tags and not speaks(p, oldest) then return end
	local why, c = refused(p, oldest)
	return not why and c or nil
end

-- look finds the best in lists of tags, or of scopes. Recent partners on the way go into recents, each with the
-- number of shared tags.
local function look(p, open, n, tags, recents)
	local own, from, page = p[ENTRY], 0, 2
	if tags then page = math.max(2, math.min(8, floor(LOOKED_AT / math.max(n, 1)))) end
	while n > 0 and from < MANY do
		local shared, found, fuller, till = {}, {}, {}, from + page
		for i = 1, n do
			local entries = front(open[i], till)
			for j = from + 1, math.min(#entries, till) do
				local e = entries[j]
				local count = shared[e]
				if count then
					if tags then shared[e] = count + 1 end
				elseif e ~= own and (not tags or speaks(p, e)) then
					shared[e] = 1
					found[#found + 1] = e
				end
			end
			if #entries >= till then fuller[#fuller + 1] = open[i] end
		end
		local function worse(a, b)
			if shared[a] ~= shared[b] then return shared[a] < shared[b] end
			return a > b
		end
		local best = 1
		for i = 2, #found do
			if worse(found[best], found[i]) then best = i end
		end
		local e, sorted = found[best], false
		found[best] = found[#found]
		found[#found] = nil
		while e do
			local why, c = refused(p, e)
			if not why then return c end
			if why == RECENT and not recents[e] then
				recents[e] = tags and shared[e] or 0
				recents[#recents + 1] = e
			elseif why == 'nobody' then
				local h, minus = tags and filled[p[MODE]] or everyScope(p[MODE]), lines[p[MODE]].minus
				for i = 1, n do remove(open[i], e, h) end
				minus[#minus + 1] = e
			end
			if not sorted then
				table.sort(found, worse)
				sorted = true
			end
			e = table.remove(found)
		end
		open, n, from, page = fuller, #fuller, till, FURTHER
	end
end

-- among looks for somebody without a common tag, in one scope: 'o:' or 'p:'.
local function among(p, scope, recents)
	local found, n = open(p, everyScope(p[MODE]), scopesFor(p, scope))
	return first(p, found, n, false) or look(p, found, n, false, recents)
end

local function sharing(p, recents)
	local tags, h = tagsOf(p), filled[p[MODE]]
	fetch(h, tags)
	local found, n = open(p, h, tags)
	return #tags == 1 and first(p, found, n, true) or look(p, found, n, true, recents)
end

-- strangerFor reports whether somebody waits whom p could meet some day and has not met lately.
local function strangerFor(p)
	return (among(p, 'o:', {}) or among(p, 'p:', {})) and true
end

local function hold(p) call('ZADD', HELD, '0', p[ENTRY]) end

-- again chooses among recent partners: the best who has waited long enough, as p has, while no stranger
-- waits for either. Those refused are held: a sweep tries them again.
local function again(p, recents)
	table.sort(recents, function(a, b)
		if recents[a] ~= recents[b] then return recents[a] > recents[b] end
		return a < b
	end)
	hold(p)
	local never = p[SINCE] + REMATCH > now or strangerFor(p)
	for _, e in ipairs(recents) do
		local c = named(e)
		if not never and c[SINCE] + REMATCH <= now and not strangerFor(c) then return c end
		hold(c)
	end
end

local function search(p)
	local recents, found = {}, nil
	if p[TAGS] ~= '' then found = sharing(p, recents) end
	if not found and p[OPEN] == 1 then found = among(p, 'o:', recents) end
	if not found and #recents > 0 then found = again(p, recents) end
	return found
end
