-- An atomic picture of the queue, checked: ARGV[1] is the root of its keys. Returns what is wrong. It knows the
-- keys and fields from the outside and shares no code with what is under test.
local root, faults = ARGV[1], {}
local function fault(...)
	local parts = {...}
	for i = 1, #parts do parts[i] = tostring(parts[i]) end
	faults[#faults + 1] = table.concat(parts, ' ')
end

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local people, inAs, waiting, paired = {}, {}, 0, 0
local flat = redis.call('HGETALL', root .. 'people')
for i = 1, #flat, 2 do
	local session, f = flat[i], {struct.unpack('>c1BBBBBBBi8i8i8i8i8Hc0Hc0Hc0Hc0Hc0Hc0Hc0Hc0Hc0Hc0Hc0Hc0Hc0Hc0', flat[i + 1])}
	local p = {session = session}
	for n, field in ipairs({
		'state', 'mode', 'open', 'wide', 'roam', 'widen', 'seat', 'confirmed', 'since', 'seq', 'lease', 'call', 'at',
		'home', 'user', 'node', 'key', 'name', 'pool', 'region', 'language', 'gender', 'seeking', 'tags', 'pair', 'other', 'reason',
	}) do p[field] = f[n] end
	people[session] = p
	if p.state == 'w' then waiting = waiting + 1 elseif p.state == 'p' then paired = paired + 1 end
	if p.state == 'a' then
		if p.pair == '' or p.reason == '' then fault(session, 'is absent, and nobody knows why') end
	elseif inAs[p.user] then
		fault('user', p.user, 'is in as', session, 'and as', inAs[p.user])
	else
		inAs[p.user] = session
	end
	if p.lease <= 0 then fault(session, 'has no lease') end
	if p.state == 'w' and p.tags == '' and p.open == 0 then fault(session, 'names no tag and holds out for one') end
	if p.region == '' and p.roam == 0 then fault(session, 'names no region and holds out for one') end
	if p.wide == 1 and p.widen == 0 then fault(session, 'has widened and does not want to') end
end

local function accepts(a, b) return a.seeking == '' or b.gender ~= '' and string.find(a.seeking, b.gender, 1, true) end

local function blocked(a, b)
	local till = redis.call('ZSCORE', root .. 'blocks', struct.pack('>Hc0', #a.user, a.user) .. b.user)
	return till and tonumber(till) > now
end

local pairsSeen = {}
for session, p in pairs(people) do
	if p.state == 'p' then
		local other = people[p.other]
		if not other or other.state ~= 'p' or other.pair ~= p.pair or other.other ~= session or other.seat == p.seat or other.at ~= p.at then
			fault(session, 'is paired with one who is not with him:', p.other)
		else
			pairsSeen[p.pair] = (pairsSeen[p.pair] or 0) + 1
			if other.user == p.user then fault(session, 'is paired with himself') end
			if other.mode ~= p.mode then fault(session, 'and', p.other, 'want different things') end
			if not accepts(p, other) then fault(session, 'does not accept', p.other) end
			if p.language ~= '' and other.language ~= '' and p.language ~= other.language and p.widen + other.widen < 2 then
				fault(session, 'and', p.other, 'have no language in common')
			end
			if p.pool ~= other.pool then fault(session, 'and', p.other, 'are of two pools') end
			if blocked(p, other) then fault(session, 'has blocked', p.other) end
		end
	end
end
for pair, sides in pairs(pairsSeen) do
	if sides ~= 2 then fault(sides, 'are in the pair', pair) end
end

local known = {people = true, recents = true, blocks = true, v = true, lead = true}
for _, key in ipairs(redis.call('KEYS', root .. '*')) do
	if not known[string.sub(key, #root + 1)] then fault('what is this key:', key) end
end
return faults
