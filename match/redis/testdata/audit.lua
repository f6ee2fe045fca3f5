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

local people, users, pairs_, waiting, paired, entries = {}, all('u'), all('p'), {}, 0, 0
for session, packed in pairs(all('s')) do people[session] = {struct.unpack('>Hc0Hc0c1dc22Bc0BI4Bc0BHc0Hc0Bc0dBBBc0BHc0Bc0', packed)} end

local lists = {}
local function stands(p, bucket)
	local entry = p[5] .. p[9] .. ((p[16] == 1 and p[9] ~= '') and '+:' or ':') .. p[1]
	local key = root .. 'l:' .. p[6] .. ':' .. p[7] .. ':' .. bucket
	entries = entries + 1
	if redis.call('ZSCORE', key, entry) ~= string.format('%.0f', p[4]) then fault(p[1], 'waits and is not in', key) end
	lists[key] = {p[6], p[7], bucket}
end
for session, p in pairs(people) do
	local name = p[5] .. p[1]
	if p[1] ~= session then fault(session, 'holds the record of', p[1]) end
	if not redis.call('ZSCORE', root .. 'd', '1' .. name) then fault(session, 'has no lease') end
	local inLine = redis.call('ZSCORE', root .. 'w:' .. p[6], name)
	if p[3] == 'w' then
		waiting[p[6]] = (waiting[p[6]] or 0) + 1
		if not inLine then fault(session, 'waits and is not in line') end
		local scope = p[15] == 1 and 'o:' or 'p:'
		stands(p, scope .. p[9])
		if p[16] == 1 and p[9] ~= '' then stands(p, scope .. '+') end
		for tag in string.gmatch(p[11], '[^\n]+') do stands(p, tag) end
	elseif inLine then
		fault(session, 'is', p[3], 'and stands in line')
	end
	if p[3] == 'p' then
		paired = paired + 1
		local other = people[p[19]]
		if not pairs_[p[17]] then fault(session, 'is in a pair that is not there') end
		if not other or other[3] ~= 'p' or other[17] ~= p[17] or other[19] ~= session or other[18] == p[18] then fault(session, 'is paired with one who is not with him:', p[19]) end
		if other and other[2] == p[2] then fault(session, 'is paired with himself') end
		if p[18] == 1 and pairs_[p[17]] and string.sub(pairs_[p[17]], 1, 1) ~= '3' and not redis.call('ZSCORE', root .. 'd', '2' .. name) then
			fault(session, 'is in an unconfirmed pair that never lapses')
		end
	end
	if p[3] ~= 'a' and users[p[2]] ~= session then fault(session, 'is in, and the user', p[2], 'is in as', users[p[2]]) end
	if p[3] == 'a' and users[p[2]] == session then fault(session, 'is absent, and the user is in as it') end
end
for user, session in pairs(users) do
	if not people[session] or people[session][2] ~= user then fault('user', user, 'is in as', session, 'which is not his') end
end
local _, n = all('p')
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
