package store

import (
	"context"
	"encoding/json"
	"time"
)

// AuditEntry is one thing that somebody with power did. Entries can only be appended; the database itself refuses to change or delete
// one, and each carries a MAC over itself and the one before, so that a change behind the database's back shows (VerifyAudit).
type AuditEntry struct {
	Seq    int64 // 1, 2, 3 …; set by AppendAudit
	At     time.Time
	Actor  string // moderator's id, or "system" or "cli"
	Action string // "report.decide", "ban.make" …
	Target string // "report:ID" …
	Detail json.RawMessage
	Hash   []byte // HMAC-SHA-256 over the previous hash and this entry; set by AppendAudit
}

// AuditHead names the last entry of the log. Kept elsewhere, it shows later that the end of the log was not cut off.
type AuditHead struct {
	Seq  int64
	Hash []byte
}

// Audit is the log of what people with power did.
type Audit interface {
	AppendAudit(ctx context.Context, e AuditEntry) (AuditEntry, error)
	// AuditLog lists entries with Seq below before (zero: all), newest first.
	AuditLog(ctx context.Context, before int64, limit int) ([]AuditEntry, error)
	// VerifyAudit checks the whole chain, and that the log still has the entry that head names (zero: none is asked for). It answers the
	// last entry; the error says which entry is wrong.
	VerifyAudit(ctx context.Context, head AuditHead) (AuditHead, error)
}
