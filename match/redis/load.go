package redis

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"

	"passerby/match"
	"passerby/match/internal/queue"
)

const (
	loadPage    = 2000 // records or bonds read with one command
	loadTimeout = time.Minute
	loadEach    = 50 * time.Microsecond // of the lease, for each record to be put in its place
)

// load reads the queue. Nobody else writes meanwhile: the version is this node's, and every commit of another is refused.
func (q *Queue) load(version string) error {
	b := &book{term: q.term, version: version, signed: time.Now(), last: make(map[string]reply), mail: make(map[string][]byte)}
	b.state = queue.New(q.cfg.Config, func(home string, e match.Event) {
		b.mail[home] = appendFrame(b.mail[home], hintFrame, appendHint(nil, e))
	})
	b.state.Watch(q.slack)
	ctx, cancel := context.WithTimeout(context.Background(), loadTimeout)
	defer cancel()
	records, err := q.loadRecords(ctx, b)
	if err != nil {
		return err
	}
	var bonds []queue.Bond
	for _, key := range []string{recentsKey, blocksKey} {
		some, err := q.loadBonds(ctx, b, key)
		if err != nil {
			return err
		}
		bonds = append(bonds, some...)
	}
	if err := q.loadTaste(ctx, b); err != nil {
		return err
	}
	if err := q.claim(ctx, b, leadFor+time.Duration(len(records))*loadEach); err != nil {
		return err
	}
	b.state.Restore(q.now(), records, bonds)
	q.book = b
	return nil
}

// stay keeps the lead while reading takes long.
func (q *Queue) stay(ctx context.Context, b *book) error {
	if time.Since(b.signed) < signEvery {
		return nil
	}
	return q.claim(ctx, b, leadFor)
}

// claim sets the lease of the lead, if nobody else has taken it since.
func (q *Queue) claim(ctx context.Context, b *book, lease time.Duration) error {
	var words commands
	words.add("SET", q.key("lead"), q.node, "PX", lease.Milliseconds())
	err := commitScript.Run(ctx, q.client, []string{q.key("v")}, append([]any{b.version, b.version}, words...)...).Err()
	if errors.Is(err, redis.Nil) {
		return errStale
	}
	b.signed = time.Now()
	return err
}

func (q *Queue) loadRecords(ctx context.Context, b *book) ([]queue.Record, error) {
	found := make(map[string]queue.Record) // a scan may show one twice
	for cursor := uint64(0); ; {
		if err := q.stay(ctx, b); err != nil {
			return nil, err
		}
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
func (q *Queue) loadBonds(ctx context.Context, b *book, key string) ([]queue.Bond, error) {
	var bonds []queue.Bond
	for from := int64(0); ; from += loadPage {
		if err := q.stay(ctx, b); err != nil {
			return nil, err
		}
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
