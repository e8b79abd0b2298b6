-- One row for each session. Its key is in the browser's cookie alone; here is the digest. Times are microseconds since 1970.
CREATE TABLE jeton_session (
    digest BYTEA NOT NULL PRIMARY KEY,
    user_id BIGINT NULL REFERENCES auth_user (id) ON DELETE SET NULL,
    auth_hash BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    user_agent TEXT NULL,
    address TEXT NULL
);

CREATE INDEX jeton_session_user ON jeton_session (user_id);

CREATE INDEX jeton_session_expiry ON jeton_session (expires_at);
