-- Sessions are told apart in public by an id that opens nothing, and remember the last login in them. A table cannot be
-- given a column with a default that differs from row to row, so it is made anew.
CREATE TABLE jeton_session_new (
    digest BLOB NOT NULL PRIMARY KEY,
    id BLOB NOT NULL DEFAULT (randomblob(16)),
    user_id BIGINT NULL REFERENCES auth_user (id) ON DELETE SET NULL,
    auth_hash BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    renewed_at BIGINT NULL,
    expires_at BIGINT NOT NULL,
    user_agent TEXT NULL,
    address TEXT NULL
) WITHOUT ROWID;

INSERT INTO jeton_session_new (digest, user_id, auth_hash, created_at, expires_at, user_agent, address)
    SELECT digest, user_id, auth_hash, created_at, expires_at, user_agent, address FROM jeton_session;

DROP TABLE jeton_session;

ALTER TABLE jeton_session_new RENAME TO jeton_session;

CREATE INDEX jeton_session_user ON jeton_session (user_id);

CREATE INDEX jeton_session_expiry ON jeton_session (expires_at);

CREATE UNIQUE INDEX jeton_session_id ON jeton_session (id);
