-- An atomic picture of the queue, checked: ARGV[1] is the root of its keys. Returns what is wrong. It knows the
-- keys and fields from the outside and shares no code with the scripts under test.
local root, faults = ARGV[1], {}
local function fault(...)
	local parts = {...}
	for i = 1, #parts do parts[i] = tostring(parts[i]) end
	faults[#faults + 1] = table.concat(parts, ' ')
end
local function all(key)
	local flat, map, n = redis.call('HGETALL', root .. key), {}, 0
	for i = 1, #flat, 2 do map[flat[i]], n = flat[i + 1], n + 1 end
	return map, n
end

local modes = {'video', 'text'}
local people, users, waiting, paired, entries = {}, all('u'), {}, 0, 0
for session, packed in pairs(all('s')) do
	local p, f = {session = session}, {struct.unpack('>c1BdHc0c12dBBBBBc0Hc0Hc0BBdBc0Hc0d', packed)}
	for i, field in ipairs({
		'state', 'mode', 'since', 'entry', 'home', 'call', 'open', 'wide', 'class', 'widen', 'lang', 'tags', 'user', 'seat', 'confirmed', 'at', 'pair', 'other', 'leased',
	}) do p[field] = f[i] end
	p.mode = modes[p.mode]
	people[session] = p
end

local leases, confirms = {}, {} -- items; entries
for _, item in ipairs(redis.call('LRANGE', root .. 'dl', 0, -1)) do leases[item] = true end
for _, item in ipairs(redis.call('LRANGE', root .. 'dc', 0, -1)) do confirms[string.sub(item, 12)] = true end

local lists = {}
local function stands(p, bucket)
	local key = root .. 'l:' .. p.mode .. ':' .. p.class .. ':' .. bucket
	entries = entries + 1
	if redis.call('ZSCORE', key, p.entry) ~= string.format('%.0f', p.since) then fault(p.session, 'waits and is not in', key) end
	lists[key] = true
end
for session, p in pairs(people) do
	if string.sub(p.entry, 23) ~= p.lang .. ':' .. session then fault(session, 'has the entry', p.entry) end
	if not redis.call('ZSCORE', root .. 'd', '1' .. p.entry) and not leases[string.format('%011x', p.leased) .. p.entry] then fault(session, 'has no lease') end
	local inLine = redis.call('ZSCORE', root .. 'w:' .. p.mode, p.entry)
	if p.state == 'w' then
		waiting[p.mode] = (waiting[p.mode] or 0) + 1
		if not inLine then fault(session, 'waits and is not in line') end
		local scope = p.open == 1 and 'o:' or 'p:'
		stands(p, scope .. p.lang)
		if p.wide == 1 and p.lang ~= '' then stands(p, scope .. '+') end
		for tag in string.gmatch(p.tags, '[^\n]+') do stands(p, tag) end
	elseif inLine then
		fault(session, 'is', p.state, 'and stands in line')
	end
	if p.state == 'p' then
		paired = paired + 1
		local other = people[p.other]
		if not other or other.state ~= 'p' or other.pair ~= p.pair or other.other ~= session or other.seat == p.seat or other.at ~= p.at then
			fault(session, 'is paired with one who is not with him:', p.other)
		elseif p.seat == 1 and p.confirmed + other.confirmed < 2 and not confirms[p.entry] then
			fault(session, 'is in an unconfirmed pair that never lapses')
		end
		if other and other.user == p.user then fault(session, 'is paired with himself') end
	end
	local side = users[p.user]
	local inAs = side and struct.unpack('>Hc0', side)
	if p.state ~= 'a' and inAs ~= session then fault(session, 'is in, and the user', p.user, 'is in as', inAs) end
	if p.state == 'a' and inAs == session then fault(session, 'is absent, and the user is in as it') end
end
for user, side in pairs(users) do
	local session, own = struct.unpack('>Hc0Hc0', side)
	if own ~= user or not people[session] or people[session].user ~= user then fault('user', user, 'is in as', session, 'which is not his') end
end
local n = tonumber(redis.call('GET', root .. 'p') or 0)
if n * 2 ~= paired then fault(n, 'pairs of', paired, 'people') end
for _, mode in ipairs({'video', 'text'}) do
	local line = redis.call('ZCARD', root .. 'w:' .. mode)
	if line ~= (waiting[mode] or 0) then fault(line, 'stand in the line of', mode, 'and', waiting[mode] or 0, 'wait') end
end
local found = 0
for _, key in ipairs(redis.call('KEYS', root .. 'l:*')) do
	found = found + redis.call('ZCARD', key)
	if not lists[key] then fault('nobody who waits belongs in', key) end
end
if found ~= entries then fault(found, 'entries in lists, of', entries) end

-- A mask has a bit for each list, and for nothing else.
local bits = 0
for _, key in ipairs({'f:video', 'f:text', 'fs:video', 'fs:text'}) do
	for bucket, mask in pairs(all(key)) do
		for class = 0, 31 do
			if bit.band(tonumber(mask), bit.lshift(1, class)) ~= 0 then
				bits = bits + 1
				local list = root .. 'l:' .. string.match(key, ':(.*)') .. ':' .. class .. ':' .. bucket
				if not lists[list] then fault('marked as filled:', list) end
			end
		end
	end
end
local kinds = 0
for _ in pairs(lists) do kinds = kinds + 1 end
if bits ~= kinds then fault(kinds, 'lists, and', bits, 'marked') end
return faults
