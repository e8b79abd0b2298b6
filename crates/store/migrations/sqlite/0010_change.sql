-- What other processes have to know of, in the transaction of the fact itself. After expires_at nobody needs to be told
-- any more. Times are microseconds since 1970.
CREATE TABLE jeton_change (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    family BLOB NULL,
    user_id BIGINT NULL,
    expires_at BIGINT NOT NULL
);

CREATE INDEX jeton_change_expiry ON jeton_change (expires_at);
