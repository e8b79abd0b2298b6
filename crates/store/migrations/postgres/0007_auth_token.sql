-- Opaque tokens, as DRF has them. No key is in here: digest is the HMAC of it, and sealed the key itself under a secret
-- that is not in the database, for the one token of a user that is told again and again.
CREATE TABLE jeton_auth_token (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    digest BYTEA NOT NULL UNIQUE,
    sealed BYTEA NULL,
    user_id BIGINT NOT NULL REFERENCES auth_user (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NULL
);

CREATE INDEX jeton_auth_token_user ON jeton_auth_token (user_id);

CREATE UNIQUE INDEX jeton_auth_token_kept ON jeton_auth_token (user_id) WHERE sealed IS NOT NULL;
