package storetest

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"passerby/internal/store"
)

func audit(t *testing.T, db Database) {
	ctx, s := t.Context(), db.Store
	var all sync.WaitGroup
	for i := range 10 {
		all.Go(func() {
			_, err := s.AppendAudit(ctx, store.AuditEntry{At: now, Actor: "m", Action: "report.decide", Target: fmt.Sprint("report:", i), Detail: json.RawMessage(`{"n": 1}`)})
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	entries := must(s.AuditLog(ctx, 0, 4))(t)
	if len(entries) != 4 || entries[0].Seq != 10 || entries[3].Seq != 7 {
		t.Fatalf("log: %+v", entries)
	}
	equal(t, must(s.AuditLog(ctx, entries[3].Seq, 1))(t)[0].Seq, 6)
	head := must(s.VerifyAudit(ctx, store.AuditHead{}))(t)
	equal(t, head, store.AuditHead{Seq: 10, Hash: entries[0].Hash})
	must(s.AppendAudit(ctx, store.AuditEntry{At: now, Actor: "cli", Action: "ban.lift"}))(t)
	must(s.VerifyAudit(ctx, head))(t)

	for _, statement := range []string{
		`UPDATE audit SET actor = 'nobody' WHERE seq = 3`, `DELETE FROM audit WHERE seq = 11`, `DELETE FROM audit`,
	} {
		if err := db.Exec(statement); err == nil || !strings.Contains(err.Error(), "the audit log cannot be changed") {
			t.Errorf("%s: %v", statement, err)
		}
	}
	if db.Exec(`INSERT OR REPLACE INTO audit SELECT * FROM audit WHERE seq = 3`) == nil { // in SQLite this deletes past a trigger on DELETE
		t.Error("INSERT OR REPLACE changes the audit log")
	}
	must(s.VerifyAudit(ctx, head))(t)

	_, err := s.VerifyAudit(ctx, store.AuditHead{Seq: 10, Hash: []byte("another")})
	wantFault(t, err, "entry 10")
	_, err = s.VerifyAudit(ctx, store.AuditHead{Seq: 12, Hash: []byte("x")})
	wantFault(t, err, "ends at entry 11")

	// Who owns the database can take the triggers away; the chain tells.
	ok(t, dropTriggers(db))
	ok(t, db.Exec(`UPDATE audit SET actor = 'nobody' WHERE seq = 3`))
	_, err = s.VerifyAudit(ctx, store.AuditHead{})
	wantFault(t, err, "entry 3")
	ok(t, db.Exec(`UPDATE audit SET actor = 'm' WHERE seq = 3`))
	must(s.VerifyAudit(ctx, head))(t)
	ok(t, db.Exec(`DELETE FROM audit WHERE seq = 5`))
	_, err = s.VerifyAudit(ctx, store.AuditHead{})
	wantFault(t, err, "entry 5 is missing")
	ok(t, db.Exec(`DELETE FROM audit WHERE seq > 4`))
	must(s.VerifyAudit(ctx, store.AuditHead{}))(t) // a cut end alone does not show …
	_, err = s.VerifyAudit(ctx, head)              // … but to who kept the head
	wantFault(t, err, "ends at entry 4")
}

func dropTriggers(db Database) error {
	if db.Exec(`DROP TRIGGER audit_no_change ON audit`) == nil {
		return nil
	}
	for _, name := range []string{"audit_no_update", "audit_no_delete", "audit_no_replace"} {
		if err := db.Exec(`DROP TRIGGER ` + name); err != nil {
			return err
		}
	}
	return nil
}

func wantFault(t *testing.T, err error, words string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), words) {
		t.Errorf("error %v, want one with %q", err, words)
	}
}
