-- What one run knows. A run serves a batch of calls and is atomic. It reads each record once and writes what has
-- changed once, at its end. A command costs little when it is one of many keys or members; what costs is each new
-- string in Lua, by its length: so long ones (a side) pass through untouched, and short ones are made once.
local call, sub, floor, format = redis.call, string.sub, math.floor, string.format

-- Fields of a person, which is one session in the queue.
local STATE, MODE, SINCE, ENTRY, HOME, CALL = 1, 2, 3, 4, 5, 6 -- HOME: the node that spoke for the session last; CALL: number of its Arrive
local OPEN, WIDE = 7, 8 -- 1: takes anyone compatible; takes other languages of the wide
local CLASS, WIDEN, LANG, TAGS, USER = 9, 10, 11, 12, 13
local SEAT, CONFIRMED, AT, PAIR, OTHER = 14, 15, 16, 17, 18 -- of a pair: 1 or 2 in it, its time, its id, the partner's session
local ENDED = OTHER -- of the absent: why PAIR ended
local LEASED = 19 -- until when the lease runs that was queued last; 0: none was
local SESSION = 20

local PERSON = '>c1BdHc0c12dBBBBBc0Hc0Hc0BBdBc0Hc0d' -- as kept, but for SESSION: strings have their length in front

local WAITING, PAIRED, ABSENT = 'w', 'p', 'a'

local function packed(p)
	return struct.pack(PERSON, p[1], p[2], p[3], #p[4], p[4], p[5], p[6], p[7], p[8], p[9], p[10], #p[11], p[11], #p[12], p[12],
		#p[13], p[13], p[14], p[15], p[16], #p[17], p[17], #p[18], p[18], p[19])
end

local function unpacked(session, value)
	local a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s = struct.unpack(PERSON, value)
	return {a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, session}
end

local tagsBy = {} -- the text of tags → what it lists, as this run has read it

local function tagsOf(p)
	local tags = tagsBy[p[TAGS]]
	if not tags then
		tags = {}
		for tag in string.gmatch(p[TAGS], '[^\n]+') do tags[#tags + 1] = tag end
		tagsBy[p[TAGS]] = tags
	end
	return tags
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

local people, users = hash(SESSIONS), hash(USERS) -- session → person; user → side of his present session

local function learn(h, field, value)
	if value and h == people then value = unpacked(field, value) end
	h.values[field] = value
	return value
end

local function fetch(h, fields)
	local unknown, n, values = {}, 0, h.values
	for i = 1, #fields do
		if values[fields[i]] == nil then
			n = n + 1
			unknown[n] = fields[i]
		end
	end
	if n == 0 then return end
	for from = 1, n, 1000 do -- in pieces that fit Lua's stack
		local answer = call('HMGET', h.key, unpack(unknown, from, math.min(from + 999, n)))
		for i = 1, #answer do learn(h, unknown[from + i - 1], answer[i]) end
	end
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

-- A side is what only nodes look into, but for the two names in front: session and user.
local function sideOf(p)
	local session = p[SESSION]
	local side = get(users, p[USER])
	if side and string.find(side, session, 3, true) == 3 then return side end
	return struct.pack('>Hc0Hc0HHH', #session, session, #p[USER], p[USER], 0, 0, 0) -- Redis has evicted it
end

-- sessionOf is the session that a user is in as, or nil.
local function sessionOf(user)
	local side = get(users, user)
	return side and struct.unpack('>Hc0', side) or nil
end

-- send calls a command with any number of further arguments, in pieces that fit Lua's stack.
local function send(command, key, args)
	local n = #args
	if n > 0 and n <= 1000 then return call(command, key, unpack(args)) end
	for i = 1, n, 1000 do call(command, key, unpack(args, i, math.min(i + 999, n))) end
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

-- A person's entry is how he is called in lines and lists, and in what is due or held: place, language, session.
-- Entries sort by place. Each time he is enrolled he gets a new one.
local function sessionIn(e) return sub(e, string.find(e, ':', 23, true) + 1) end

-- named finds the person again, unless he is another by now (gone, or with a new place).
local function named(e)
	local p = get(people, sessionIn(e))
	return p and p[ENTRY] == e and p
end

-- What falls due, by time, then kind, then place: kind and entry → time.
local LEASE, UNCONFIRMED, GRACE = '1', '2', '3'
local dues = {} -- what this run changes of it; false: it is no more

local function writeDues()
	local set, del, n = {}, {}, 0
	for m, at in pairs(dues) do
		if at then
			set[n + 1], set[n + 2], n = at, m, n + 2
		else
			del[#del + 1] = m
		end
	end
	send('ZADD', DUE, set)
	send('ZREM', DUE, del)
	dues = {}
end

local function due(kind, p, at) dues[kind .. p[ENTRY]] = at and whole(at) end

-- Most of it is due a fixed time from now: the lease of a newcomer, a confirmation. That stands in lists, each
-- in order of time: eleven digits of time, then entry. Nothing is taken out before its time has come.
local function fifo(key, wait) return {key = key, at = now + wait, prefix = format('%011x', now + wait), new = {}} end

local queued = {[LEASE] = fifo(LEASES, LEASE_TIME), [UNCONFIRMED] = fifo(CONFIRMS, CONFIRM)}

-- queue puts p into the list of a kind and returns when it is due.
local function queue(kind, p)
	local l = queued[kind]
	l.new[#l.new + 1] = l.prefix .. p[ENTRY]
	return l.at
end

-- lease gives p a lease from now on, instead of one that it has.
local function lease(p)
	due(LEASE, p, false)
	p[LEASED] = queue(LEASE, p)
end
