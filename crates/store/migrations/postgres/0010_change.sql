-- What other processes have to know of, in the transaction of the fact itself. Numbers go up, but a lower one may become
-- visible after a higher one. After expires_at nobody needs to be told any more. Times are microseconds since 1970.
CREATE TABLE jeton_change (
    id BIGINT NOT NULL PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    family BYTEA NULL,
    user_id BIGINT NULL,
    expires_at BIGINT NOT NULL
);

CREATE INDEX jeton_change_expiry ON jeton_change (expires_at);
