-- Append-only. Users are named by number and not referenced: the log outlives them.
CREATE TABLE jeton_event (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    user_id BIGINT NULL,
    family BLOB NULL,
    address TEXT NULL,
    detail TEXT NULL
);
