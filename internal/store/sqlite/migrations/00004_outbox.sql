-- +goose Up
CREATE TABLE outbox (
	seq      INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	sink     TEXT    NOT NULL,
	id       TEXT    NOT NULL,
	kind     TEXT    NOT NULL,
	topic    TEXT    NOT NULL,
	at       INTEGER NOT NULL,
	body     BLOB NOT NULL,
	tries    INTEGER NOT NULL,
	due      INTEGER NOT NULL,
	settled  INTEGER NOT NULL,
	given_up INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX outbox_once ON outbox (sink, id);
CREATE INDEX outbox_due ON outbox (sink, seq) WHERE settled = 0;
CREATE INDEX outbox_topic ON outbox (sink, topic, seq) WHERE settled = 0;
CREATE INDEX outbox_settled ON outbox (settled) WHERE settled > 0 AND given_up = 0;
CREATE INDEX outbox_at ON outbox (at);
