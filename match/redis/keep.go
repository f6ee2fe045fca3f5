package redis

import (
	"context"
	"time"

	"passerby/match/internal/queue"
)

// What stands in Redis of the queue: all that it takes to go on when the node that leads is gone.

const (
	peopleKey  = "people"
	recentsKey = "recents"
	blocksKey  = "blocks"
)

const (
	loadPage    = 2000 // records or bonds read with one command
	loadTimeout = 30 * time.Second
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

func (q *Queue) loadRecords(ctx context.Context) ([]queue.Record, error) {
	found := make(map[string]queue.Record) // a scan may show one twice
	for cursor := uint64(0); ; {
		page, next, err := q.client.HScan(ctx, q.key(peopleKey), cursor, "", loadPage).Result()
		if err != nil {
			return nil, err
		}
		for i := 0; i+1 < len(page); i += 2 {
			r, err := parseRecord(page[i], page[i+1])
			if err != nil {
				q.cfg.Logger.Warn("a record of the queue", "err", err)
				continue
			}
			found[page[i]] = r
		}
		if cursor = next; cursor == 0 {
			break
		}
	}
	records := make([]queue.Record, 0, len(found))
	for _, r := range found {
		records = append(records, r)
	}
	return records, nil
}

// loadBonds reads bonds in the order of their ends.
func (q *Queue) loadBonds(ctx context.Context, key string) ([]queue.Bond, error) {
	var bonds []queue.Bond
	for from := int64(0); ; from += loadPage {
		page, err := q.client.ZRangeWithScores(ctx, q.key(key), from, from+loadPage-1).Result()
		if err != nil {
			return nil, err
		}
		for _, z := range page {
			member, _ := z.Member.(string)
			user, other, err := parseBond(member)
			if err != nil {
				return nil, err
			}
			bonds = append(bonds, queue.Bond{Block: key == blocksKey, User: user, Other: other, Until: int64(z.Score)})
		}
		if len(page) < loadPage {
			return bonds, nil
		}
	}
}
