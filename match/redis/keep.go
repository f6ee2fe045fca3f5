package redis

import (
	"context"
	"strconv"
	"time"
)

// What stands in Redis of the queue: all that it takes to go on when the node that leads is gone.

const (
	peopleKey  = "people"
	recentsKey = "recents"
	blocksKey  = "blocks"
	tasteKey   = "taste" // HASH page → weights, of what was learnt
)

// changes adds the commands that write what has changed.
func (q *Queue) changes(words *commands, resign bool) {
	var set, gone []any
	for session, r := range q.book.state.Changes() {
		if r == nil {
			gone = append(gone, session)
		} else {
			set = append(set, session, packRecord(r))
		}
	}
	words.each(2, "HSET", q.key(peopleKey), set)
	q.tasteChanges(words, resign)
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

// tasteEvery is how often what was learnt is written: it may be lost for so long.
const tasteEvery = 10 * time.Second

func (q *Queue) tasteChanges(words *commands, resign bool) {
	b := q.book
	m := b.state.Taste()
	if m == nil || time.Since(b.tasted) < tasteEvery && !resign {
		return
	}
	b.tasted = time.Now()
	for _, page := range m.Dirty() {
		words.add("HSET", q.key(tasteKey), page, m.Page(page))
	}
}

// loadTaste reads what was learnt; a page that is none is left out.
func (q *Queue) loadTaste(ctx context.Context, b *book) error {
	m := b.state.Taste()
	if m == nil {
		return nil
	}
	b.tasted = time.Now()
	kept, err := q.client.HGetAll(ctx, q.key(tasteKey)).Result()
	if err != nil {
		return err
	}
	for field, page := range kept {
		i, err := strconv.Atoi(field)
		if err == nil {
			err = m.SetPage(i, []byte(page))
		}
		if err != nil {
			q.cfg.Logger.Warn("a page of what the queue has learnt", "page", field, "err", err)
		}
	}
	return nil
}
