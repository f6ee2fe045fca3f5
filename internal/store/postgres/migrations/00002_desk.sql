-- +goose Up
CREATE TABLE claims (
	what  TEXT   NOT NULL PRIMARY KEY,
	by_id TEXT   NOT NULL,
	until BIGINT NOT NULL
);

CREATE TABLE notices (
	id      TEXT   NOT NULL PRIMARY KEY,
	user_id TEXT   NOT NULL,
	at      BIGINT NOT NULL,
	reason  TEXT   NOT NULL,
	message TEXT   NOT NULL,
	report  TEXT   NOT NULL,
	seen    BIGINT NOT NULL
);
CREATE INDEX notices_user ON notices (user_id, at);
CREATE INDEX notices_report ON notices (report);

