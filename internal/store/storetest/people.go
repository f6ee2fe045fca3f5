package storetest

import (
	"fmt"
	"testing"
	"time"

	"passerby/internal/store"
)

func chats(t *testing.T, db Database) {
	ctx, s := t.Context(), db.Store
	begun := store.Chat{ID: id(), Mode: "video", Started: now, Users: [2]string{id(), id()}, Sessions: [2]string{id(), id()}, Tags: []string{"chess", "日本"}}
	ended := begun
	ended.Ended, ended.Reason = now.Add(time.Minute), "next"
	later := begun
	later.Ended, later.Reason = now.Add(time.Hour), "lost"

	_, err := s.Chat(ctx, begun.ID)
	wantErr(t, err, store.ErrNotFound)
	ok(t, s.SaveChats(ctx, nil))
	for _, step := range []struct{ save, want store.Chat }{
		{begun, begun},
		{ended, ended},
		{later, ended}, // the first end counts
		{begun, ended}, // a beginning that comes late changes nothing
	} {
		ok(t, s.SaveChats(ctx, []store.Chat{step.save}))
		equal(t, must(s.Chat(ctx, begun.ID))(t), step.want)
	}
	for _, user := range begun.Users {
		equal(t, must(s.ChatsOf(ctx, user, store.Page{}))(t), []store.Chat{ended})
	}
	if got := must(s.ChatsOf(ctx, id(), store.Page{}))(t); len(got) != 0 {
		t.Errorf("a stranger has chats: %v", got)
	}
}

func users(t *testing.T, db Database) {
	ctx, s := t.Context(), db.Store
	u := store.User{ID: id(), First: now, Last: now, Narrow: "n1", Wide: "w1", Seen: now, Pool: "adults"}
	_, err := s.User(ctx, u.ID)
	wantErr(t, err, store.ErrNotFound)
	ok(t, s.SaveUsers(ctx, []store.User{u}))
	equal(t, must(s.User(ctx, u.ID))(t), u)

	again := u
	again.First, again.Last, again.Seen, again.Narrow = now.Add(time.Hour), now.Add(time.Hour), now.Add(time.Hour), "n2"
	ok(t, s.SaveUsers(ctx, []store.User{again, u})) // the older news comes late
	again.First = u.First
	equal(t, must(s.User(ctx, u.ID))(t), again)
}

func blocks(t *testing.T, db Database) {
	ctx, s := t.Context(), db.Store
	a, b := id(), id()
	first := store.Block{User: a, Other: b, At: now}
	ok(t, s.SaveBlock(ctx, first))
	ok(t, s.SaveBlock(ctx, store.Block{User: a, Other: b, At: now.Add(time.Hour)}))
	equal(t, must(s.BlocksOf(ctx, a))(t), []store.Block{first})
	equal(t, must(s.BlocksOf(ctx, b))(t), []store.Block{first})

	const some = 50 // at once; one transaction has a few seconds
	for from := 0; from < store.BlocksPerUser; from += some {
		ok(t, s.Within(ctx, func(tx store.Store) error {
			for i := from; i < from+some; i++ {
				if err := tx.SaveBlock(ctx, store.Block{User: a, Other: fmt.Sprint(a, i), At: now.Add(time.Duration(i+1) * time.Second)}); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	if n := len(must(s.BlocksOf(ctx, a))(t)); n != store.BlocksPerUser {
		t.Errorf("%d blocks, want %d", n, store.BlocksPerUser)
	}
	if n := len(must(s.BlocksOf(ctx, b))(t)); n != 0 {
		t.Error("the oldest block did not make room")
	}
}

// forgetting: a person gets what is kept of him, nobody else's, and can have it deleted.
func forgetting(t *testing.T, db Database) {
	ctx, s := t.Context(), db.Store
	me, you := id(), id()
	ok(t, s.SaveUsers(ctx, []store.User{{ID: me, First: now, Last: now}}))
	met := store.Chat{ID: id(), Mode: "text", Started: now, Ended: now, Reason: "left", Users: [2]string{you, me}, Sessions: [2]string{"yours", "mine"}}
	ok(t, s.SaveChats(ctx, []store.Chat{met}))
	ok(t, s.SaveBlock(ctx, store.Block{User: me, Other: you, At: now}))
	ok(t, s.SaveBlock(ctx, store.Block{User: you, Other: me, At: now}))
	made := must(s.SaveReport(ctx, store.Report{At: now, Match: met.ID, Reporter: me, Reported: you, Reason: "spam", Comment: "my words", Evidence: []store.Evidence{{Kind: "message", Body: []byte("x")}}}))(t)
	received := must(s.SaveReport(ctx, store.Report{At: now, Match: met.ID, Reporter: you, Reported: me, Reason: "hate", Comment: "your words", Evidence: []store.Evidence{{Kind: "message", Body: []byte("y")}}}))(t)
	ban := must(s.SaveBan(ctx, store.Ban{User: me, Network: "n", Reason: "hate", By: "moderator", At: now, Exempt: []string{you}}))(t)
	appeal := must(s.SaveAppeal(ctx, store.Appeal{Ban: ban.ID, User: me, At: now, Text: "sorry"}))(t)

	notice := must(s.SaveNotice(ctx, store.Notice{User: me, At: now, Reason: "hate", Message: "once more, and", Report: received.ID}))(t)

	e := must(s.ExportUser(ctx, me))(t)
	ownSide, ownBan := met, ban
	ownSide.Users[0], ownSide.Sessions[0] = "", ""
	ownBan.Exempt, ownBan.By = nil, ""
	equal(t, e, store.Export{
		User: &store.User{ID: me, First: now, Last: now}, Chats: []store.Chat{ownSide}, Blocks: []store.Block{{User: me, Other: you, At: now}}, Made: []store.Report{made},
		Received: []store.Report{{ID: received.ID, At: now, Match: met.ID, Reported: me, Reason: "hate", Status: store.ReportOpen}},
		Bans:     []store.Ban{ownBan}, Appeals: []store.Appeal{appeal}, Notices: []store.Notice{notice},
	})
	equal(t, must(s.ExportUser(ctx, id()))(t), store.Export{})

	equal(t, must(s.DeleteUser(ctx, me))(t), store.Deleted{Chats: 1, Blocks: 1, Appeals: 1, Notices: 1, Made: 1, KeptReports: 1, KeptBans: 1})
	_, err := s.User(ctx, me)
	wantErr(t, err, store.ErrNotFound)
	equal(t, must(s.Chat(ctx, met.ID))(t).Users, [2]string{you, ""})
	r := must(s.Report(ctx, made.ID))(t)
	if r.Reporter != "" || r.Comment != "" || len(r.Evidence) != 1 {
		t.Errorf("a report of a person who left: %+v", r)
	}
	equal(t, must(s.BlocksOf(ctx, me))(t), []store.Block{{User: you, Other: me, At: now}}) // the other's
	equal(t, must(s.DeleteUser(ctx, me))(t), store.Deleted{KeptReports: 1, KeptBans: 1})
}
