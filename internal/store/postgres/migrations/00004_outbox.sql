-- +goose Up
CREATE TABLE outbox (
	seq      BIGINT  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	sink     TEXT    NOT NULL,
	id       TEXT    NOT NULL,
	kind     TEXT    NOT NULL,
	topic    TEXT    NOT NULL,
	at       BIGINT NOT NULL,
	body     BYTEA NOT NULL,
	tries    BIGINT NOT NULL,
	due      BIGINT NOT NULL,
	settled  BIGINT NOT NULL,
	given_up BIGINT NOT NULL
);
CREATE UNIQUE INDEX outbox_once ON outbox (sink, id);
CREATE INDEX outbox_due ON outbox (sink, seq) WHERE settled = 0;
CREATE INDEX outbox_topic ON outbox (sink, topic, seq) WHERE settled = 0;
CREATE INDEX outbox_settled ON outbox (settled) WHERE settled > 0 AND given_up = 0;
CREATE INDEX outbox_at ON outbox (at);
