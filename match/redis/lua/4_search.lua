-- Who is the best partner for p now: the most shared tags, then the longest wait.
local PAGE, FURTHER = 16, 64 -- read of one list at first, and again while nobody in it will do
local MANY = 1024 -- read of one list at most: more blocked ones in front hide the rest

-- look finds the best in these buckets. Recent partners on the way go into recents, each with the shared tags.
local function look(p, names, recents)
	local keys, of = lists(p, names)
	local own, from, page = entry(p), 0, PAGE
	while #keys > 0 and from < MANY do
		local shared, seen, order = {}, {}, {}
		local fuller, ofFuller = {}, {}
		for i, key in ipairs(keys) do
			local entries = call('ZRANGE', key, from, from + page - 1)
			for _, e in ipairs(entries) do
				if not shared[e] and e ~= own then
					order[#order + 1] = e
					shared[e] = 0
				end
				if seen[e] ~= of[i] and of[i] ~= 'o' and e ~= own then -- the wide stand in two lists of a bucket
					shared[e] = shared[e] + 1
				end
				seen[e] = of[i]
			end
			if #entries == page then
				fuller[#fuller + 1], ofFuller[#ofFuller + 1] = key, of[i]
			end
		end
		if #order > 1 then
			table.sort(order, function(a, b)
				if shared[a] ~= shared[b] then return shared[a] > shared[b] end
				return a < b
			end)
		end
		for _, e in ipairs(order) do
			local c = person(e)
			if here(c, e) then
				local why = apart(p, c)
				if not why then return c end
				if why == RECENT and not recents[e] then
					recents[e] = shared[e]
					recents[#recents + 1] = e
				end
			else
				for _, key in ipairs(keys) do call('ZREM', key, e) end
			end
		end
		keys, of, from, page = fuller, ofFuller, from + page, FURTHER
	end
end

-- strangerFor reports whether somebody waits whom p could meet some day and has not met lately.
local function strangerFor(p)
	return look(p, {'o', 'p'}, {}) and true
end

local function hold(p) call('ZADD', HELD, 0, entry(p)) end

-- again chooses among recent partners: the best who has waited long enough, as p has, while no stranger
-- waits for either. Those refused are held: a sweep tries them again.
local function again(p, recents)
	table.sort(recents, function(a, b)
		if recents[a] ~= recents[b] then return recents[a] > recents[b] end
		return a < b
	end)
	hold(p)
	local stranger = p[SINCE] + REMATCH > now or strangerFor(p)
	for _, e in ipairs(recents) do
		local c = person(e)
		if not stranger and c[SINCE] + REMATCH <= now and not strangerFor(c) then return c end
		hold(c)
	end
end

local function search(p)
	local recents, found = {}, nil
	if #p[TAGS] > 0 then found = look(p, p[TAGS], recents) end
	if not found and p[OPEN] == 1 then found = look(p, {'o'}, recents) end
	if not found and #recents > 0 then found = again(p, recents) end
	return found
end
