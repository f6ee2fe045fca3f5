-- Time. What is due is handled in its order at the start of every run, a little of it, and by sweeps.

local handle = {
	[LEASE] = function(p)
		if p[STATE] == PAIRED then part(p, 'lost') else drop(p) end
	end,
	[UNCONFIRMED] = function(p) -- the first side; nothing to do when the pair is over, or confirmed by both
		if p[STATE] == PAIRED and sub(get(couples, p[PAIR]) or '0', 1, 1) ~= '3' then lapse(p) end
	end,
	[GRACE] = function(p)
		if p[STATE] ~= WAITING then return end
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
		local page = call('ZRANGE', DUE, '-inf', whole(now), 'BYSCORE', 'LIMIT', '0', whole(math.min(most, 64)))
		if #page == 0 then return true end
		for _, m in ipairs(page) do
			local moved = dues.changed[m]
			if moved == nil or moved and tonumber(moved) <= now then -- not by one before it
				dues.changed[m] = false
				local p = named(sub(m, 2))
				if p then handle[sub(m, 1, 1)](p) end
			end
		end
		writeMarks(dues)
		most = most - #page
	end
	return false
end
