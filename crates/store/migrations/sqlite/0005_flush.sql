-- One row: where the sweeper stands, and the highest expiry of a foreign token that was ever flushed.
CREATE TABLE jeton_flush (
    id SMALLINT NOT NULL PRIMARY KEY,
    family_cursor BLOB NULL,
    token_cursor TEXT NULL,
    flushed_through BIGINT NULL
);

INSERT INTO jeton_flush (id) VALUES (1);
