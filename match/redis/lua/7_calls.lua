-- The calls of match.Queue. ARGV: the time or '', 16 random bytes or more, the calling node, then the calls,
-- each a name and its arguments. The answers come back in the same order.
local home, at = ARGV[3], 3

local function arg()
	at = at + 1
	return ARGV[at]
end

local rates = {} -- mode → people per millisecond, as this run has read it

-- rate is how many people of a mode were paired per millisecond lately; 0 when too few for a guess.
local function rate(mode)
	if not rates[mode] then
		local counts, people, first = call('HGETALL', RATES .. mode), 0, now
		for i = 1, #counts, 2 do
			if math.floor(now / SLOT) - counts[i] < SLOTS then
				people, first = people + counts[i + 1], math.min(first, counts[i] * SLOT)
			end
		end
		rates[mode] = people < FEWEST and 0 or people / math.max(now - first, SLOT)
	end
	return rates[mode]
end

local function waiting(p, position)
	local r = rate(p[MODE])
	return {WAITING, p[SINCE], position, r > 0 and position / r or 0}
end

local function standing(p)
	if not p then return {ABSENT} end
	if p[STATE] == PAIRED then return {PAIRED, sub(get(couples, p[PAIR]) or '0', 2)} end
	if p[STATE] == ABSENT then return {ABSENT, p[PAIR], p[ENDED]} end
	return waiting(p, (call('ZRANK', LINE .. p[MODE], entry(p)) or 0) + 1)
end

local calls = {}

function calls.arrive()
	local session, user, mode, since = arg(), arg(), arg(), tonumber(arg())
	local p = {
		session, user, WAITING, math.min(since or now, now), '', mode,
		tonumber(arg()), tonumber(arg()), arg(), tonumber(arg()), {}, arg(),
		home, tonumber(arg()), 0, 0, '', 0, '', '',
	}
	for i = 1, tonumber(arg()) do p[TAGS][i] = arg() end

	local before = get(people, session)
	-- The same call again (its answer was lost), or one that a later call has overtaken.
	if before and before[HOME] == home and before[CALL] >= p[CALL] then return standing(before) end
	local tab = get(users, user)
	if not before and not tab and size(people) >= CAPACITY then return {'full'} end
	for _, s in ipairs({session, tab or nil}) do
		local old = get(people, s)
		if old and old[STATE] == PAIRED then
			part(old, s == session and 'next' or 'left', session)
		elseif old then
			if old[STATE] == WAITING then p[SINCE] = math.min(p[SINCE], old[SINCE]) end
			drop(old)
		end
	end
	enroll(p, now + LEASE_TIME)
	local other = search(p)
	if other then return {PAIRED, join(p, other)} end
	await(p)
	if p[SINCE] == now then return waiting(p, call('ZCARD', LINE .. mode)) end -- the last in line
	return standing(p)
end

function calls.leave()
	local p, reason = get(people, arg()), arg()
	if p and p[STATE] == PAIRED then
		part(p, reason, p[SESSION])
	elseif p then
		drop(p)
	end
	return {'ok'}
end

function calls.confirm()
	local p, id = get(people, arg()), arg()
	local value = p and p[STATE] == PAIRED and p[PAIR] == id and get(couples, id)
	if not value then return {'gone'} end
	put(couples, id, bit.bor(tonumber(sub(value, 1, 1)), p[SEAT]) .. sub(value, 2))
	return {'ok'}
end

function calls.renew()
	local p = get(people, arg())
	if p and p[STATE] ~= ABSENT then
		due[LEASE .. entry(p)] = now + LEASE_TIME
		if p[HOME] ~= home then
			p[HOME] = home
			save(p)
		end
	end
	return standing(p)
end

function calls.block()
	local user, other = arg(), arg()
	remember(BLOCKED, user, other, BLOCK_FOR, BLOCKS)
	local session = get(users, user)
	local p = session and get(people, session)
	if p and p[STATE] == PAIRED then
		local o = get(people, p[OTHER])
		if o and o[USER] == other then part(p, 'blocked') end
	end
	return {'ok'}
end

function calls.stats()
	local answer = {'ok', size(couples)}
	for _, mode in ipairs(MODES) do answer[#answer + 1] = call('ZCARD', LINE .. mode) end
	return answer
end

-- sweep does what is due, then tries those again whom a recent partner waits for, from an entry on. It answers
-- 'more' and where to go on, or 'end'. Nodes take turns: a round younger than this many milliseconds is enough.
function calls.sweep()
	local from, young = arg(), tonumber(arg())
	if not elapse(SWEPT) then return {'more', from} end
	if from == '' then
		if young > 0 and now - (call('GET', ROUND) or 0) < young then return {'end', ''} end
		call('SET', ROUND, now)
	end
	local page = call('ZRANGE', HELD, from == '' and '-' or '(' .. from, '+', 'BYLEX', 'LIMIT', 0, SWEPT)
	if #page > 0 then call('ZREM', HELD, unpack(page)) end
	for _, e in ipairs(page) do
		local p = person(e)
		if here(p, e) then try(p) end
	end
	if #page == SWEPT then return {'more', page[SWEPT]} end
	return {'end', ''}
end

elapse(BESIDE)
local answers = {}
while at < #ARGV do answers[#answers + 1] = calls[arg()]() end
for _, h in ipairs({people, users, couples}) do write(h) end
for _, mode in ipairs(MODES) do write(filled[mode]) end
writeDue()
if sequence then call('SET', SEQUENCE, sequence) end
return answers
