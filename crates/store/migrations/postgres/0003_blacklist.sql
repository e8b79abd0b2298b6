-- Single tokens: foreign ones, and live generations of a family that are not its newest.
-- A foreign one has no generation; it has a family if it became one.
CREATE TABLE jeton_blacklisted_token (
    jti TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    family BYTEA NULL,
    generation BIGINT NULL,
    user_id BIGINT NULL REFERENCES auth_user (id) ON DELETE SET NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    blacklisted_at BIGINT NOT NULL
);

CREATE INDEX jeton_blacklisted_token_user ON jeton_blacklisted_token (user_id);
