-- +goose Up
CREATE TABLE chats (
	id        TEXT    NOT NULL PRIMARY KEY,
	mode      TEXT    NOT NULL,
	started   INTEGER NOT NULL,
	ended     INTEGER NOT NULL,
	reason    TEXT    NOT NULL,
	user_a    TEXT    NOT NULL,
	user_b    TEXT    NOT NULL,
	session_a TEXT    NOT NULL,
	session_b TEXT    NOT NULL,
	tags      TEXT    NOT NULL
) STRICT;
CREATE INDEX chats_user_a ON chats (user_a, started);
CREATE INDEX chats_user_b ON chats (user_b, started);
CREATE INDEX chats_started ON chats (started);

CREATE TABLE users (
	id       TEXT    NOT NULL PRIMARY KEY,
	first_at INTEGER NOT NULL,
	last_at  INTEGER NOT NULL,
	narrow   TEXT    NOT NULL,
	wide     TEXT    NOT NULL,
	seen     INTEGER NOT NULL,
	pool     TEXT    NOT NULL
) STRICT;
CREATE INDEX users_last ON users (last_at);
CREATE INDEX users_seen ON users (seen);

CREATE TABLE blocks (
	user_id TEXT    NOT NULL,
	other   TEXT    NOT NULL,
	at      INTEGER NOT NULL,
	PRIMARY KEY (user_id, other)
) STRICT;
CREATE INDEX blocks_other ON blocks (other);

CREATE TABLE reports (
	id         TEXT    NOT NULL PRIMARY KEY,
	at         INTEGER NOT NULL,
	match_id   TEXT    NOT NULL,
	reporter   TEXT    NOT NULL,
	reported   TEXT    NOT NULL,
	reason     TEXT    NOT NULL,
	comment    TEXT    NOT NULL,
	severity   INTEGER NOT NULL,
	weight     REAL   NOT NULL,
	status     TEXT    NOT NULL,
	hold       INTEGER NOT NULL,
	detail     TEXT    NOT NULL,
	decided    INTEGER NOT NULL,
	decided_by TEXT    NOT NULL,
	decision   TEXT    NOT NULL,
	note       TEXT    NOT NULL
) STRICT;
CREATE UNIQUE INDEX reports_once ON reports (match_id, reporter) WHERE reporter <> '';
CREATE INDEX reports_status ON reports (status, at);
CREATE INDEX reports_reporter ON reports (reporter);
CREATE INDEX reports_reported ON reports (reported);

CREATE TABLE evidence (
	id     TEXT    NOT NULL PRIMARY KEY,
	report TEXT    NOT NULL REFERENCES reports (id) ON DELETE CASCADE,
	place  INTEGER NOT NULL,
	kind   TEXT    NOT NULL,
	sender TEXT    NOT NULL,
	at     INTEGER NOT NULL,
	n      INTEGER NOT NULL,
	proof  TEXT    NOT NULL,
	type   TEXT    NOT NULL,
	body   BLOB    NOT NULL,
	detail TEXT    NOT NULL
) STRICT;
CREATE INDEX evidence_report ON evidence (report, place);

CREATE TABLE bans (
	id      TEXT    NOT NULL PRIMARY KEY,
	user_id TEXT    NOT NULL,
	network TEXT    NOT NULL,
	cidr    TEXT    NOT NULL,
	reason  TEXT    NOT NULL,
	message TEXT    NOT NULL,
	report  TEXT    NOT NULL,
	made_by TEXT    NOT NULL,
	at      INTEGER NOT NULL,
	until   INTEGER NOT NULL,
	lifted  INTEGER NOT NULL,
	exempt  TEXT    NOT NULL,
	changed INTEGER NOT NULL
) STRICT;
CREATE INDEX bans_changed ON bans (changed);
CREATE INDEX bans_user ON bans (user_id);
CREATE INDEX bans_at ON bans (at);

CREATE TABLE appeals (
	id         TEXT    NOT NULL PRIMARY KEY,
	ban        TEXT    NOT NULL,
	user_id    TEXT    NOT NULL,
	at         INTEGER NOT NULL,
	body       TEXT    NOT NULL,
	status     TEXT    NOT NULL,
	decided    INTEGER NOT NULL,
	decided_by TEXT    NOT NULL,
	answer     TEXT    NOT NULL
) STRICT;
CREATE UNIQUE INDEX appeals_one_open ON appeals (ban, user_id) WHERE status = 'open';
CREATE INDEX appeals_user ON appeals (user_id);
CREATE INDEX appeals_status ON appeals (status, at);

CREATE TABLE moderators (
	id       TEXT    NOT NULL PRIMARY KEY,
	name     TEXT    NOT NULL UNIQUE,
	role     TEXT    NOT NULL,
	created  INTEGER NOT NULL,
	disabled INTEGER NOT NULL,
	detail   TEXT    NOT NULL
) STRICT;

CREATE TABLE credentials (
	id        TEXT    NOT NULL PRIMARY KEY,
	moderator TEXT    NOT NULL REFERENCES moderators (id),
	kind      TEXT    NOT NULL,
	subject   TEXT    NOT NULL,
	secret    BLOB    NOT NULL,
	detail    TEXT    NOT NULL,
	created   INTEGER NOT NULL,
	used      INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX credentials_subject ON credentials (kind, subject) WHERE subject <> '';
CREATE INDEX credentials_moderator ON credentials (moderator);

CREATE TABLE moderator_sessions (
	id        TEXT    NOT NULL PRIMARY KEY,
	moderator TEXT    NOT NULL REFERENCES moderators (id),
	created   INTEGER NOT NULL,
	seen      INTEGER NOT NULL,
	expires   INTEGER NOT NULL,
	detail    TEXT    NOT NULL
) STRICT;
CREATE INDEX moderator_sessions_moderator ON moderator_sessions (moderator);
CREATE INDEX moderator_sessions_expires ON moderator_sessions (expires);

CREATE TABLE audit (
	seq    INTEGER NOT NULL PRIMARY KEY,
	at     INTEGER NOT NULL,
	actor  TEXT    NOT NULL,
	action TEXT    NOT NULL,
	target TEXT    NOT NULL,
	detail TEXT    NOT NULL,
	hash   BLOB    NOT NULL
) STRICT;
-- The audit log is only ever appended to.
-- +goose StatementBegin
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN
	SELECT RAISE(ABORT, 'the audit log cannot be changed');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN
	SELECT RAISE(ABORT, 'the audit log cannot be changed');
END;
-- +goose StatementEnd
-- INSERT OR REPLACE deletes without the trigger above.
-- +goose StatementBegin
CREATE TRIGGER audit_no_replace BEFORE INSERT ON audit WHEN EXISTS (SELECT 1 FROM audit WHERE seq = NEW.seq) BEGIN
	SELECT RAISE(ABORT, 'the audit log cannot be changed');
END;
-- +goose StatementEnd
