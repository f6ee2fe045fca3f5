-- What one run knows. A run serves a batch of calls and is atomic. It reads each record once and writes what has
-- changed once, at its end: most of what a run costs is its commands.
local call, sub, floor, format = redis.call, string.sub, math.floor, string.format

-- Fields of a person, which is one session in the queue. A node writes the first ones when the session arrives.
local SESSION, USER, STATE, SINCE, PLACE, MODE = 1, 2, 3, 4, 5, 6
local CLASS, ACCEPT, LANG, WIDEN, TAGS, SIDE = 7, 8, 9, 10, 11, 12 -- SIDE is the nodes'; nothing here looks inside
local HOME, CALL = 13, 14 -- the node that spoke for the session last, and the number of its Arrive
local OPEN, WIDE = 15, 16 -- 1: takes anyone compatible; takes other languages of the wide
local PAIR, SEAT, OTHER = 17, 18, 19 -- of a pair: its id, 1 or 2 in it, the partner's session
local ENDED = 20 -- of the absent: why PAIR ended

local PERSON = '>Hc0Hc0c1dc22Bc0BI4Bc0BHc0Hc0Bc0dBBBc0BHc0Bc0' -- as kept: strings have their length in front

local WAITING, PAIRED, ABSENT = 'w', 'p', 'a'

local function packed(p)
	return struct.pack(PERSON, #p[1], p[1], #p[2], p[2], p[3], p[4], p[5], #p[6], p[6], p[7], p[8], #p[9], p[9], p[10], #p[11], p[11],
		#p[12], p[12], #p[13], p[13], p[14], p[15], p[16], #p[17], p[17], p[18], #p[19], p[19], #p[20], p[20])
end

local function tagsOf(p)
	if not p.tags then
		local tags = {}
		for tag in string.gmatch(p[TAGS], '[^\n]+') do tags[#tags + 1] = tag end
		p.tags = tags
	end
	return p.tags
end

-- whole writes a time or a count as Redis wants it; left to itself it takes the long way over fractions.
local function whole(n) return format('%.0f', n) end

local now = tonumber(ARGV[1]) -- milliseconds; tests bring a clock, else it is Redis's: no node's clock counts
if not now then
	local t = call('TIME')
	now = t[1] * 1000 + floor(t[2] / 1000)
end

-- hash is a Redis hash as this run sees it: false is a field that is not there.
local function hash(key) return {key = key, values = {}, changed = {}, grown = 0} end

local people, users, couples = hash(SESSIONS), hash(USERS), hash(PAIRS)

local function learn(h, field, value)
	if value and h == people then value = {struct.unpack(PERSON, value)} end
	h.values[field] = value
	return value
end

local function fetch(h, fields)
	local unknown, n = {}, 0
	for i = 1, #fields do
		if h.values[fields[i]] == nil then
			n = n + 1
			unknown[n] = fields[i]
		end
	end
	if n == 0 then return end
	local values = call('HMGET', h.key, unpack(unknown))
	for i = 1, n do learn(h, unknown[i], values[i]) end
end

local function get(h, field)
	local v = h.values[field]
	if v == nil then return learn(h, field, call('HGET', h.key, field)) end
	return v
end

-- put changes a field that was read before; false deletes it.
local function put(h, field, value)
	h.grown = h.grown + (value and 1 or 0) - (h.values[field] and 1 or 0)
	h.values[field], h.changed[field] = value, true
end

local function size(h)
	h.size = h.size or call('HLEN', h.key)
	return h.size + h.grown
end

local function save(p) people.changed[p[SESSION]] = true end

-- send calls a command with any number of further arguments, in pieces that fit Lua's stack.
local function send(command, key, args)
	for i = 1, #args, 1000 do call(command, key, unpack(args, i, math.min(i + 999, #args))) end
end

local function write(h)
	local set, del, n = {}, {}, 0
	for f in pairs(h.changed) do
		local v = h.values[f]
		if v then
			set[n + 1], set[n + 2], n = f, h == people and packed(v) or v, n + 2
		else
			del[#del + 1] = f
		end
	end
	send('HSET', h.key, set)
	send('HDEL', h.key, del)
end

-- name is how a person is called in what is due or held: place, then session. Names sort by place.
local function name(p) return p[PLACE] .. p[SESSION] end

-- named finds the person again, unless he is another by now (gone, or with a new place).
local function named(n)
	local p = get(people, sub(n, 23))
	return p and p[PLACE] == sub(n, 1, 22) and p
end

-- marks is a sorted set as this run changes it: member → score, or false to remove. It is written at the end.
local function marks(key) return {key = key, changed = {}} end

local function writeMarks(z)
	local set, del, n = {}, {}, 0
	for m, score in pairs(z.changed) do
		if score then
			set[n + 1], set[n + 2], n = score, m, n + 2
		else
			del[#del + 1] = m
		end
	end
	send('ZADD', z.key, set)
	send('ZREM', z.key, del)
	z.changed = {}
end

-- What falls due, by time, then kind, then place: kind and name → time.
local LEASE, UNCONFIRMED, GRACE = '1', '2', '3'
local dues = marks(DUE)

local function due(kind, p, at) dues.changed[kind .. name(p)] = at and whole(at) end
