-- Append-only. Users are named by number and not referenced: the log outlives them.
CREATE TABLE jeton_event (
    id BIGINT NOT NULL PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    user_id BIGINT NULL,
    family BYTEA NULL,
    address TEXT NULL,
    detail TEXT NULL
);
