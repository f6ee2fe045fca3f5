-- Who waits, in lists by place. A list is of a bucket and a class (own gender and genders sought). Buckets are
--   #jazz   who names the tag
--   o:en    who takes anyone, of that language (o: names none); o:+ also stands for all who widen to other languages
--   p:en …  the same for those who hold out for a tag
-- Hashes say for each bucket which classes are there, as a mask: a search reads no list that is empty.
local filled, filledScopes, lines = {}, {}, {}
for _, mode in ipairs(MODES) do
	filled[mode], filledScopes[mode], lines[mode] = hash(FILLED .. mode), hash(SCOPES .. mode), marks(LINE .. mode)
end

local function scopesOf(p)
	local lang, scope = p[LANG], p[OPEN] == 1 and 'o:' or 'p:'
	if p[WIDE] == 1 and lang ~= '' then return {scope .. lang, scope .. '+'} end
	return {scope .. lang}
end

-- everyScope reads the masks of all scopes of a mode: they are as many as the languages.
local function everyScope(mode)
	local h = filledScopes[mode]
	if not h.read then
		h.read = true
		local all = call('HGETALL', h.key)
		for i = 1, #all, 2 do learn(h, all[i], all[i + 1]) end
	end
	return h
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

-- entry is how a person stands in the lists: place, language, whether he widens, session.
local function entry(p) return p[PLACE] .. p[LANG] .. (p[WIDE] == 1 and p[LANG] ~= '' and '+:' or ':') .. p[SESSION] end

local function listed(e) return get(people, sub(e, string.find(e, ':', 23, true) + 1)) end

-- speaks reports whether p and an entry have a language in common.
local function speaks(p, e)
	local own = p[LANG]
	if own == '' or sub(e, 23, 23) == ':' then return true end
	local lang, wide = string.match(e, '^(%a+)(%+?):', 23)
	return lang == own or wide == '+' and p[WIDE] == 1
end

local function into(p, e, since, h, buckets)
	local prefix, bit1 = LISTS .. p[MODE] .. ':' .. p[CLASS] .. ':', bit.lshift(1, p[CLASS])
	for i = 1, #buckets do
		local b = buckets[i]
		call('ZADD', prefix .. b, since, e)
		local mask = get(h, b) or 0
		if bit.band(mask, bit1) == 0 then put(h, b, bit.bor(mask, bit1)) end
	end
end

local function outOf(p, e, h, buckets)
	local prefix, bit1 = LISTS .. p[MODE] .. ':' .. p[CLASS] .. ':', bit.lshift(1, p[CLASS])
	for i = 1, #buckets do
		local b = buckets[i]
		call('ZREM', prefix .. b, e)
		if call('EXISTS', prefix .. b) == 0 then
			local mask = bit.band(get(h, b) or 0, bit.bnot(bit1))
			put(h, b, mask ~= 0 and mask)
		end
	end
end

local function enter(p)
	local e, mode, since, tags = entry(p), p[MODE], whole(p[SINCE]), tagsOf(p)
	lines[mode].changed[name(p)] = since
	into(p, e, since, everyScope(mode), scopesOf(p))
	fetch(filled[mode], tags)
	into(p, e, since, filled[mode], tags)
end

local function leave(p)
	local e, mode = entry(p), p[MODE]
	lines[mode].changed[name(p)] = false
	outOf(p, e, everyScope(mode), scopesOf(p))
	outOf(p, e, filled[mode], tagsOf(p))
end

-- lists returns those lists of these buckets whose people and p accept each other's gender.
local function lists(p, h, buckets)
	local keys, n = {}, 0
	for i = 1, #buckets do
		local class, mask = 0, bit.band(get(h, buckets[i]) or 0, p[ACCEPT])
		while mask ~= 0 do
			if bit.band(mask, 1) == 1 then
				n = n + 1
				keys[n] = LISTS .. p[MODE] .. ':' .. class .. ':' .. buckets[i]
			end
			class, mask = class + 1, bit.rshift(mask, 1)
		end
	end
	return keys, n
end
