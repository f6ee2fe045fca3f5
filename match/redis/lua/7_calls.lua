-- The calls of match.Queue. ARGV: the time or '', 16 random bytes or more, the calling node, then the calls, each
-- a letter and its arguments: two strings, but for 'a' a ticket, and after it a side. The answers come back in the same order.
local home = ARGV[3]

local rates = {} -- mode → people per millisecond, as this run has read it

-- rate is how many people of a mode were paired per millisecond lately; 0 when too few for a guess.
local function rate(mode)
	if not rates[mode] then
		local counts, people, first = call('HGETALL', RATES .. modes[mode]), 0, now
		for i = 1, #counts, 2 do
			if floor(now / SLOT) - counts[i] < SLOTS then
				people, first = people + counts[i + 1], math.min(first, counts[i] * SLOT)
			end
		end
		rates[mode] = people < FEWEST and 0 or people / math.max(now - first, SLOT)
	end
	return rates[mode]
end

-- Answers that tell a place: who waits, by answer. Places are read at the end, when the lines are written.
local placed = {}

local function standing(p)
	if not p then return {ABSENT} end
	if p[STATE] == PAIRED then
		if partnerOf(p) then return couple(both(p)) end
		drop(p) -- Redis has evicted the partner
		return {ABSENT}
	end
	if p[STATE] == ABSENT then return {ABSENT, p[PAIR], p[ENDED]} end
	local answer = {WAITING, p[SINCE], 1, 0}
	placed[answer] = p
	return answer
end

local fresh = {} -- mode → how many of those whose place is asked for have come by this run: mostly the last in line

local function place()
	local ranks = {}
	for mode, n in pairs(fresh) do
		local key = LINE .. modes[mode]
		local before = call('ZCARD', key) - n
		for i, e in ipairs(call('ZRANGE', key, -n, -1)) do ranks[e] = math.max(before, 0) + i end
	end
	for answer, p in pairs(placed) do
		local r, e = rate(p[MODE]), p[ENTRY]
		answer[3] = ranks[e] or (call('ZRANK', LINE .. modes[p[MODE]], e) or 0) + 1 -- none: paired by a later call of this run
		answer[4] = r > 0 and answer[3] / r or 0
	end
end

local TICKET = '>ddBBBBc0Hc0Hc0Hc0' -- number of the call, since, mode, class, widen, language, tags; the side's session and user

local function ticket(text)
	local number, since, mode, class, widen, lang, tags, session, user = struct.unpack(TICKET, text, 2)
	return {WAITING, mode, math.min(since, now), '', home, number, 0, 0, class, widen, lang, tags, user, 0, 0, 0, '', '', 0, session}
end

local function arrive(p, side)
	local session, user = p[SESSION], p[USER]
	local before = get(people, session)
	-- The same call again (its answer was lost), or one that a later call of its node has overtaken.
	local again = before and before[HOME] == home and before[CALL] - p[CALL]
	if again and (again > 0 or again == 0 and before[STATE] ~= ABSENT) then return standing(before) end
	local tab = sessionOf(user)
	if not before and not tab and size(people) >= CAPACITY then return {'full'} end
	for _, s in ipairs({session, tab}) do
		local old = get(people, s)
		if old and old[STATE] == PAIRED then
			part(old, s == session and 'next' or 'left', session)
		elseif old then
			if old[STATE] == WAITING then p[SINCE] = math.min(p[SINCE], old[SINCE]) end
			drop(old)
		end
	end
	enroll(p)
	p[LEASED] = queue(LEASE, p)
	put(users, user, side)
	local other = search(p)
	if other then return join(p, other) end
	await(p)
	fresh[p[MODE]] = (fresh[p[MODE]] or 0) + 1
	return standing(p)
end

local function goes(session, reason)
	local p = get(people, session)
	if p and p[STATE] == PAIRED then
		part(p, reason, p[SESSION])
	elseif p then
		drop(p)
	end
	return {'ok'}
end

local function confirm(session, id)
	local p = get(people, session)
	if not (p and p[STATE] == PAIRED and p[PAIR] == id and partnerOf(p)) then return {'gone'} end
	if p[CONFIRMED] == 0 then
		p[CONFIRMED] = 1
		save(p)
	end
	return {'ok'}
end

local function renew(session)
	local p = get(people, session)
	if p and p[STATE] ~= ABSENT then
		due(LEASE, p, now + LEASE_TIME)
		if p[STATE] == WAITING and p[OPEN] == 0 and p[SINCE] + PATIENCE <= now then due(GRACE, p, now) end -- overdue
		if p[HOME] ~= home then
			p[HOME], p[CALL] = home, 0 -- the numbers of another node say nothing about ours
			save(p)
		end
	end
	return standing(p)
end

local function block(user, other)
	remember(BLOCKED, user, other, BLOCK_FOR, BLOCKS)
	local session = sessionOf(user)
	local p = session and get(people, session)
	if p and p[STATE] == PAIRED then
		local o = get(people, p[OTHER])
		if o and o[USER] == other then part(p, 'blocked') end
	end
	return {'ok'}
end

local function stats()
	local answer = {'ok', math.max(0, (call('GET', PAIRS) or 0) + grown)}
	for i, mode in ipairs(modes) do
		writeLine(lines[i])
		answer[#answer + 1] = call('ZCARD', LINE .. mode)
	end
	return answer
end

-- sweep does what is due, then tries those again whom a recent partner waits for, from an entry on. It answers
-- 'more' and where to go on, or 'end'. Nodes take turns: a round younger than this many milliseconds is enough.
local function sweep(from, young)
	if not elapse(SWEPT) then return {'more', from} end
	if from == '' then
		young = tonumber(young)
		if young > 0 and now - (call('GET', ROUND) or 0) < young then return {'end', ''} end
		call('SET', ROUND, now)
	end
	local page = call('ZRANGE', HELD, from == '' and '-' or '(' .. from, '+', 'BYLEX', 'LIMIT', 0, SWEPT)
	if #page > 0 then call('ZREM', HELD, unpack(page)) end
	for _, n in ipairs(page) do
		local p = named(n)
		if p and p[STATE] == WAITING then try(p) end
	end
	if #page == SWEPT then return {'more', page[SWEPT]} end
	return {'end', ''}
end

local calls = {l = goes, c = confirm, r = renew, b = block, t = stats, s = sweep}

elapse(BESIDE)
local batch, sessions, arriving, answers, n, i = {}, {}, {}, {}, 0, 4
while i <= #ARGV do
	local letter = sub(ARGV[i], 1, 1)
	n = n + 1
	if letter == 'a' then
		local p = ticket(ARGV[i])
		batch[n] = {arrive, p, ARGV[i + 1]}
		sessions[#sessions + 1], arriving[#arriving + 1] = p[SESSION], p[USER]
		i = i + 2
	else
		local first, second = struct.unpack('>I4c0I4c0', ARGV[i], 2)
		batch[n] = {calls[letter], first, second}
		if letter == 'r' or letter == 'c' or letter == 'l' then sessions[#sessions + 1] = first end
		i = i + 1
	end
end
fetch(people, sessions)
fetch(users, arriving)
for i = 1, n do
	local c = batch[i]
	answers[i] = c[1](c[2], c[3])
end
writeLists()
for i in ipairs(modes) do
	write(filled[i])
	write(filledScopes[i])
	writeLine(lines[i])
end
write(people)
write(users)
writePairs()
writeDues()
for _, l in pairs(queued) do send('RPUSH', l.key, l.new) end
writeRates()
writeHints()
if sequence then call('SET', SEQUENCE, sequence) end
place()
return answers
