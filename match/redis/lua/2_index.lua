-- Who waits, in lists by place. A list is of a bucket and a class (own gender and genders sought). Buckets are
--   #jazz   who names the tag
--   o:en    who takes anyone, of that language (o: names none); o:+ also stands for all who widen to other languages
--   p:en …  the same for those who hold out for a tag
-- Hashes say for each bucket which classes are there, as a mask: a search reads no list that is empty.
local filled, filledScopes, lines = {}, {}, {} -- lines: who has come and gone; an entry does so once
for i, mode in ipairs(modes) do
	filled[i], filledScopes[i], lines[i] = hash(FILLED .. mode), hash(SCOPES .. mode), {key = LINE .. mode, plus = {}, minus = {}}
end

local function writeLine(l)
	send('ZADD', l.key, l.plus)
	send('ZREM', l.key, l.minus)
	l.plus, l.minus = {}, {}
end

local OF_MODE, ALL = 32, 0 -- classes of a mode; where a table of lists keeps what their keys begin with
local lists, touched = {}, {} -- mode and class → bucket → list; all of them

-- list is a list as this run sees it: head is the front of it, with all changes, as far as it was read (entire: to
-- its end); plus (score, entry, …) and minus are what Redis does not know yet. An entry comes and goes once.
local function list(mode, class, bucket)
	local of = lists[mode * OF_MODE + class]
	if not of then
		of = {[ALL] = LISTS .. modes[mode] .. ':' .. class .. ':'}
		lists[mode * OF_MODE + class] = of
	end
	local l = of[bucket]
	if not l then
		l = {key = of[ALL] .. bucket, bucket = bucket, class = class, page = 1, plus = false, minus = false, head = false, entire = false, shrunk = false}
		of[bucket] = l
		touched[#touched + 1] = l
	end
	return l
end

local function flush(l)
	if l.plus then
		send('ZADD', l.key, l.plus)
		l.plus = false
	end
	if l.minus then
		send('ZREM', l.key, l.minus)
		l.minus = false
	end
end

-- front returns the entries of a list, the first n of them at least if there are as many.
local function front(l, n)
	local head = l.head
	if not head then
		head = {}
		l.head = head
	end
	local from = #head
	if from < n and not l.entire then
		flush(l)
		l.page = math.max(n - from, l.page * 2) -- who reads on will read on
		local more = call('ZRANGE', l.key, whole(from), whole(from + l.page - 1))
		for i = 1, #more do head[from + i] = more[i] end
		l.entire = #more < l.page
	end
	return head
end

local function add(l, e, since)
	local plus, head = l.plus, l.head
	if plus then
		local n = #plus
		plus[n + 1], plus[n + 2] = since, e
	else
		l.plus = {since, e}
	end
	if not head then return end
	local at = #head
	if at > 0 and e < head[at] then
		while at > 0 and e < head[at] do at = at - 1 end
		table.insert(head, at + 1, e)
	elseif l.entire then
		head[at + 1] = e
	end
end

local function remove(l, e, h)
	local minus, head = l.minus, l.head
	if minus then minus[#minus + 1] = e else l.minus = {e} end
	l.shrunk = h -- the hash with its mask
	for i = 1, head and #head or 0 do
		if head[i] == e then
			table.remove(head, i)
			return
		end
	end
end

-- writeLists writes all changes of lists, and takes those that are empty by now off the masks.
local function writeLists()
	local empty, buckets = {}, {}
	for _, l in ipairs(touched) do
		flush(l)
		if l.shrunk and not (l.head and #l.head > 0) and (l.entire or call('EXISTS', l.key) == 0) then
			empty[#empty + 1] = l
			buckets[l.shrunk] = buckets[l.shrunk] or {}
			table.insert(buckets[l.shrunk], l.bucket)
		end
	end
	for h, names in pairs(buckets) do fetch(h, names) end
	for _, l in ipairs(empty) do
		local mask = bit.band(get(l.shrunk, l.bucket) or 0, bit.bnot(bit.lshift(1, l.class)))
		put(l.shrunk, l.bucket, mask ~= 0 and mask)
	end
end

local function into(p, h, bucket, since)
	local class = p[CLASS]
	add(list(p[MODE], class, bucket), p[ENTRY], since)
	local mask, bit1 = get(h, bucket) or 0, bit.lshift(1, class)
	if bit.band(mask, bit1) == 0 then put(h, bucket, bit.bor(mask, bit1)) end
end

local function outOf(p, h, bucket) remove(list(p[MODE], p[CLASS], bucket), p[ENTRY], h) end

-- everyScope reads the masks of all scopes of a mode: they are as many as the languages.
local function everyScope(mode)
	local h = filledScopes[mode]
	if not h.read then
		h.read = true
		local all = call('HGETALL', h.key)
		for i = 1, #all, 2 do learn(h, all[i], tonumber(all[i + 1])) end
	end
	return h
end

local function scopeOf(p) return p[OPEN] == 1 and 'o:' or 'p:' end

-- widened calls what for the bucket of all who widen, if p is one.
local function widened(p, what, since)
	if p[WIDE] == 1 and p[LANG] ~= '' then what(p, everyScope(p[MODE]), scopeOf(p) .. '+', since) end
end

-- scopes calls what for the buckets in which p stands without a tag.
local function scopes(p, what, since)
	what(p, everyScope(p[MODE]), scopeOf(p) .. p[LANG], since)
	widened(p, what, since)
end

local function enter(p)
	local since, tags, h = whole(p[SINCE]), tagsOf(p), filled[p[MODE]]
	local plus = lines[p[MODE]].plus
	local n = #plus
	plus[n + 1], plus[n + 2] = since, p[ENTRY]
	scopes(p, into, since)
	fetch(h, tags)
	for i = 1, #tags do into(p, h, tags[i], since) end
end

local function leave(p)
	local tags, h = tagsOf(p), filled[p[MODE]]
	local minus = lines[p[MODE]].minus
	minus[#minus + 1] = p[ENTRY]
	scopes(p, outOf)
	for i = 1, #tags do outOf(p, h, tags[i]) end
end

-- scopesFor are the buckets in which p may find somebody without a common tag.
local function scopesFor(p, scope)
	local lang = p[LANG]
	if lang ~= '' then
		if p[WIDE] == 1 then return {scope .. lang, scope, scope .. '+'} end
		return {scope .. lang, scope}
	end
	local all = {}
	for bucket, mask in pairs(everyScope(p[MODE]).values) do
		if mask and sub(bucket, 1, 2) == scope and bucket ~= scope .. '+' then all[#all + 1] = bucket end
	end
	return all
end

local classes = {} -- mask → what classes it has, as this run has needed it

local function classesIn(mask)
	local of = classes[mask]
	if not of then
		of = {}
		for class = 0, 31 do
			if bit.band(mask, bit.lshift(1, class)) ~= 0 then of[#of + 1] = class end
		end
		classes[mask] = of
	end
	return of
end

-- open returns those lists of these buckets whose people and p accept each other's gender.
local function open(p, h, buckets)
	local found, n, mode, accept = {}, 0, p[MODE], accepting[p[CLASS] + 1]
	for i = 1, #buckets do
		local mask = get(h, buckets[i])
		local of = mask and classesIn(bit.band(mask, accept))
		for j = 1, of and #of or 0 do
			n = n + 1
			found[n] = list(mode, of[j], buckets[i])
		end
	end
	return found, n
end

-- speaks reports whether p and an entry have a language in common.
local function speaks(p, e)
	local own = p[LANG]
	if own == '' or sub(e, 23, 23) == ':' then return true end
	if string.find(e, own, 23, true) == 23 and sub(e, 23 + #own, 23 + #own) == ':' then return true end
	if p[WIDE] ~= 1 then return false end
	local other = named(e)
	return other and other[WIDE] == 1
end
