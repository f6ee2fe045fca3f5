-- What one run knows. A run serves a batch of calls and is atomic; it reads each record once and
-- writes what has changed once, at its end (flush): most of a script's price is its commands.
local call, sub = redis.call, string.sub

-- Fields of a person, which is one session in the queue.
local SESSION, USER, STATE, SINCE, PLACE, MODE = 1, 2, 3, 4, 5, 6
local CLASS, ACCEPT, LANG, WIDEN, TAGS, SIDE = 7, 8, 9, 10, 11, 12 -- SIDE is the node's; nothing here reads it
local HOME, CALL = 13, 14 -- the node that spoke for the session last, and the number of its Arrive
local OPEN, WIDE = 15, 16 -- 1: takes anyone compatible; takes other languages of the wide
local PAIR, SEAT, OTHER = 17, 18, 19 -- of a pair: its id, 1 or 2 in it, the partner's session
local ENDED = 20 -- of the absent: why PAIR ended

local WAITING, PAIRED, ABSENT = 'w', 'p', 'a'

local now = tonumber(ARGV[1]) -- milliseconds; tests bring a clock, else it is Redis's, so that no node's clock counts
if not now then
	local t = call('TIME')
	now = t[1] * 1000 + math.floor(t[2] / 1000)
end

-- hash is a Redis hash as this run sees it: false is a field that is not there.
local function hash(key, packed) return {key = key, packed = packed, values = {}, changed = {}, grown = 0} end

local people, users, couples = hash(SESSIONS, true), hash(USERS), hash(PAIRS)

local function fetch(h, fields)
	local unknown, n = {}, 0
	for _, f in ipairs(fields) do
		if h.values[f] == nil then
			n = n + 1
			unknown[n] = f
		end
	end
	if n == 0 then return end
	for i, v in ipairs(call('HMGET', h.key, unpack(unknown))) do
		if v and h.packed then v = cmsgpack.unpack(v) end
		h.values[unknown[i]] = v
	end
end

local function get(h, field)
	local v = h.values[field]
	if v == nil then
		v = call('HGET', h.key, field)
		if v and h.packed then v = cmsgpack.unpack(v) end
		h.values[field] = v
	end
	return v
end

-- put changes a field that was read before; false deletes it.
local function put(h, field, value)
	h.grown = h.grown + (value and 1 or 0) - (h.values[field] and 1 or 0)
	h.values[field], h.changed[field] = value, true
end

local function size(h) return call('HLEN', h.key) + h.grown end

local function save(p) people.changed[p[SESSION]] = true end

-- send calls a command with any number of further arguments, in pieces that fit Lua's stack.
local function send(command, key, args)
	for i = 1, #args, 1000 do call(command, key, unpack(args, i, math.min(i + 999, #args))) end
end

local function write(h)
	local set, del = {}, {}
	for f in pairs(h.changed) do
		local v = h.values[f]
		if not v then
			del[#del + 1] = f
		else
			set[#set + 1] = f
			set[#set + 1] = h.packed and cmsgpack.pack(v) or v
		end
	end
	if #set > 0 then send('HSET', h.key, set) end
	if #del > 0 then send('HDEL', h.key, del) end
	h.changed, h.grown = {}, 0
end

-- What falls due, by time, then kind, then place: member → time, false to remove.
local LEASE, UNCONFIRMED, GRACE = '1', '2', '3'
local due = {}

local function writeDue()
	local set, del = {}, {}
	for m, at in pairs(due) do
		if at then
			set[#set + 1] = at
			set[#set + 1] = m
		else
			del[#del + 1] = m
		end
	end
	if #set > 0 then send('ZADD', DUE, set) end
	if #del > 0 then send('ZREM', DUE, del) end
	due = {}
end

-- entry names a person in every sorted set: by place, then session.
local function entry(p) return p[PLACE] .. p[SESSION] end

local function person(e) return get(people, sub(e, 23)) end

-- here reports whether an entry of a sorted set still speaks of p: sets and hashes drift apart when Redis evicts keys.
local function here(p, e) return p and p[STATE] == WAITING and entry(p) == e end
