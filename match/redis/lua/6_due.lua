-- Time. What is due is handled in its order at the start of every run, a little of it, and by sweeps.

local handle = {
	[LEASE] = function(p)
		if p[STATE] == PAIRED then part(p, 'lost') else drop(p) end
	end,
	[UNCONFIRMED] = function(p) -- the first side; nothing to do when the pair is over, or confirmed by both
		if p[STATE] ~= PAIRED then return end
		local other = partnerOf(p)
		if not other or p[CONFIRMED] + other[CONFIRMED] < 2 then lapse(p) end
	end,
	[GRACE] = function(p)
		if p[STATE] ~= WAITING then return end
		local held = p[OPEN] == 0 -- out for a tag, and so in other scopes
		if held then scopes(p, outOf) end
		p[OPEN], p[WIDE] = 1, p[WIDEN]
		if held then scopes(p, into, whole(p[SINCE])) else widened(p, into, whole(p[SINCE])) end
		save(p)
		try(p)
	end,
}

-- elapse handles what is due, at most this much of it, and reports whether it saw the end.
local function elapse(most)
	while most > 0 do
		local limit = math.min(most, 64)
		local page = call('ZRANGE', DUE, '-inf', whole(now), 'BYSCORE', 'LIMIT', '0', whole(limit), 'WITHSCORES')
		local items, sessions, timed, from = {}, {}, {}, {} -- items: time, kind, entry, and so in order; timed: those of DUE; from: item → the list it stands in
		for i = 1, #page, 2 do
			local item = format('%011x', page[i + 1]) .. page[i]
			items[#items + 1], timed[item] = item, true
		end
		for kind, l in pairs(queued) do
			l.read, l.done = 0, {}
			local soonest = call('LINDEX', l.key, '0')
			if soonest and tonumber(sub(soonest, 1, 11), 16) <= now then
				for _, q in ipairs(call('LRANGE', l.key, '0', whole(limit - 1))) do
					if tonumber(sub(q, 1, 11), 16) > now then break end
					local item = sub(q, 1, 11) .. kind .. sub(q, 12)
					if not (timed[item] or from[item]) then items[#items + 1] = item end
					l.read, from[item] = l.read + 1, l
				end
			end
		end
		if #items == 0 then return true end
		table.sort(items)
		for i = 1, math.min(#items, limit) do sessions[i] = sessionIn(sub(items[i], 13)) end
		fetch(people, sessions)
		for i = 1, #sessions do
			local item = items[i]
			local m, l, kind = sub(item, 12), from[item], sub(item, 12, 12)
			local p, moved = named(sub(m, 2)), dues[m]
			if l then l.done[#l.done + 1] = sub(item, 1, 11) .. sub(item, 13) end
			if timed[item] then
				if moved == nil or moved and tonumber(moved) <= now then -- not by one before it
					dues[m] = false
					if p then handle[kind](p) end
				end
			else
				if p and kind == LEASE then
					if moved == nil then moved = call('ZSCORE', DUE, m) end
					if moved or p[LEASED] ~= tonumber(sub(item, 1, 11), 16) then p = nil end -- renewed, or absent since
				end
				if p then handle[kind](p) end
			end
		end
		for _, l in pairs(queued) do
			if l.read == #l.done then -- nearly always
				if l.read > 0 then call('LPOP', l.key, l.read) end
			else -- those of one millisecond stand in the order in which they came, not in that of items
				for _, q in ipairs(l.done) do call('LREM', l.key, '1', q) end
			end
		end
		writeDues()
		most = most - #sessions
	end
	return false
end
