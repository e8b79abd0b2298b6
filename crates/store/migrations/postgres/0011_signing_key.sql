-- Keys that sign tokens, in the order they were made; number 0 is the settings' own, which is not in here but for its dates.
-- sealed is the private key under a secret that is not in the database; once that is erased, a proof of the row alone.
-- Times are microseconds since 1970, longest_life is microseconds. What state a key is in, its times tell.
CREATE TABLE jeton_signing_key (
    number BIGINT NOT NULL PRIMARY KEY,
    kid TEXT COLLATE "C" NOT NULL UNIQUE,
    algorithm TEXT NOT NULL,
    public TEXT NULL,
    sealed BYTEA NULL,
    created_at BIGINT NOT NULL,
    activates_at BIGINT NOT NULL,
    longest_life BIGINT NOT NULL,
    retired_at BIGINT NULL
);
