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
		scopes(p, outOf)
		p[OPEN], p[WIDE] = 1, p[WIDEN]
		scopes(p, into, whole(p[SINCE]))
		save(p)
		try(p)
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
