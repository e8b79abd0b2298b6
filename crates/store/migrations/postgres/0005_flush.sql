-- One row: where the sweeper stands, and the highest expiry of a foreign token that was ever flushed.
CREATE TABLE jeton_flush (
    id SMALLINT NOT NULL PRIMARY KEY,
    family_cursor BYTEA NULL,
    token_cursor TEXT COLLATE "C" NULL,
    flushed_through BIGINT NULL
);

INSERT INTO jeton_flush (id) VALUES (1);
