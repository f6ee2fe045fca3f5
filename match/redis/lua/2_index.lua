-- Who waits, in lists by place: one per bucket, language and class. A bucket is a tag ('#jazz'), or all
-- who take anyone ('o'), or all who hold out for a tag ('p'); a class is own gender and genders sought.
-- A hash says per bucket which lists are filled, as "language=mask of classes;…": a search reads no empty list.
local WIDEST = '+' -- the list, beside their own, of those who take other languages

local filled = {}
for _, mode in ipairs(MODES) do filled[mode] = hash(FILLED .. mode) end

local function listOf(p, lang, bucket) return LISTS .. p[MODE] .. ':' .. p[CLASS] .. ':' .. lang .. ':' .. bucket end

local function buckets(p)
	local all = {p[OPEN] == 1 and 'o' or 'p'}
	for i, tag in ipairs(p[TAGS]) do all[i + 1] = tag end
	return all
end

local function languages(p)
	if p[WIDE] == 1 and p[LANG] ~= '' then return {p[LANG], WIDEST} end
	return {p[LANG]}
end

-- mark sets or clears the bit of a class in what a bucket has filled.
local function mark(p, bucket, lang, on)
	local h, bit1, mask, rest = filled[p[MODE]], bit.lshift(1, p[CLASS]), 0, {}
	for l, m in string.gmatch(get(h, bucket) or '', '([^=;]*)=(%-?%d+);') do
		if l == lang then
			mask = tonumber(m)
		else
			rest[#rest + 1] = l .. '=' .. m .. ';'
		end
	end
	local new = on and bit.bor(mask, bit1) or bit.band(mask, bit.bnot(bit1))
	if new == mask then return end
	if new ~= 0 then rest[#rest + 1] = lang .. '=' .. new .. ';' end
	put(h, bucket, #rest > 0 and table.concat(rest))
end

local function enter(p)
	local e, names = entry(p), buckets(p)
	call('ZADD', LINE .. p[MODE], p[SINCE], e)
	fetch(filled[p[MODE]], names)
	for _, lang in ipairs(languages(p)) do
		for _, bucket in ipairs(names) do
			call('ZADD', listOf(p, lang, bucket), p[SINCE], e)
			mark(p, bucket, lang, true)
		end
	end
end

local function leave(p)
	local e = entry(p)
	call('ZREM', LINE .. p[MODE], e)
	for _, lang in ipairs(languages(p)) do
		for _, bucket in ipairs(buckets(p)) do
			local list = listOf(p, lang, bucket)
			call('ZREM', list, e)
			if call('EXISTS', list) == 0 then mark(p, bucket, lang, false) end
		end
	end
end

-- lists returns the lists of these buckets in which p may find somebody (the right genders, the right
-- languages), and for each its bucket.
local function lists(p, names)
	local keys, of, own = {}, {}, p[LANG]
	fetch(filled[p[MODE]], names)
	for _, bucket in ipairs(names) do
		for lang, mask in string.gmatch(get(filled[p[MODE]], bucket) or '', '([^=;]*)=(%-?%d+);') do
			local speaks = lang == own or lang == '' or own == '' and lang ~= WIDEST or lang == WIDEST and p[WIDE] == 1 and own ~= ''
			local m, class = speaks and bit.band(tonumber(mask), p[ACCEPT]) or 0, 0
			while m ~= 0 do
				if bit.band(m, 1) == 1 then
					keys[#keys + 1] = LISTS .. p[MODE] .. ':' .. class .. ':' .. lang .. ':' .. bucket
					of[#of + 1] = bucket
				end
				m, class = bit.rshift(m, 1), class + 1
			end
		end
	end
	return keys, of
end
