package redis

// What stands in Redis of the queue: all that it takes to go on when the node that leads is gone.

const (
	peopleKey  = "people"
	recentsKey = "recents"
	blocksKey  = "blocks"
)

// changes adds the commands that write what has changed.
func (q *Queue) changes(words *commands) {
	var set, gone []any
	for session, r := range q.book.state.Changes() {
		if r == nil {
			gone = append(gone, session)
		} else {
			set = append(set, session, packRecord(r))
		}
	}
	words.each(2, "HSET", q.key(peopleKey), set)
	words.each(1, "HDEL", q.key(peopleKey), gone)
	kept := map[string]map[string]int64{recentsKey: {}, blocksKey: {}} // only the last word on a bond counts
	for _, b := range q.book.state.BondChanges() {
		key := recentsKey
		if b.Block {
			key = blocksKey
		}
		kept[key][packBond(b.User, b.Other)] = b.Until
	}
	for key, bonds := range kept {
		set, gone = nil, nil
		for bond, until := range bonds {
			if until == 0 {
				gone = append(gone, bond)
			} else {
				set = append(set, until, bond)
			}
		}
		words.each(2, "ZADD", q.key(key), set)
		words.each(1, "ZREM", q.key(key), gone)
	}
}
