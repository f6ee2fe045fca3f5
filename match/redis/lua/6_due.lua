-- Time. What is due is handled in its order at the start of every run, a little of it, and by sweeps.

local handle = {
	[LEASE] = function(e)
		local p = person(e)
		if not p or entry(p) ~= e then return end
		if p[STATE] == PAIRED then part(p, 'lost') else drop(p) end
	end,
	[UNCONFIRMED] = function(e) -- of the first side; says nothing any more when it is in that pair no longer
		local p = person(e)
		if not p or entry(p) ~= e or p[STATE] ~= PAIRED then return end
		if sub(get(couples, p[PAIR]) or '0', 1, 1) ~= '3' then lapse(p) end
	end,
	[GRACE] = function(e)
		local p = person(e)
		if not here(p, e) then return end
		leave(p)
		p[OPEN], p[WIDE] = 1, p[WIDEN]
		save(p)
		local other = search(p)
		if other then tell(p, MADE, join(p, other), '') else enter(p) end
	end,
}

-- elapse handles what is due, at most this much of it, and reports whether it saw the end.
local function elapse(most)
	while most > 0 do
		local page = call('ZRANGE', DUE, '-inf', now, 'BYSCORE', 'LIMIT', 0, math.min(most, 64))
		if #page == 0 then return true end
		for _, m in ipairs(page) do
			if due[m] == nil or due[m] and due[m] <= now then -- not moved by one before it
				due[m] = false
				handle[sub(m, 1, 1)](sub(m, 2))
			end
		end
		writeDue()
		most = most - #page
	end
	return false
end
