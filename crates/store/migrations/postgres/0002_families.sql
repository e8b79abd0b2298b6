-- One row for each login. Times are microseconds since 1970, but for token_expires_at, which is an `exp` in seconds.
-- The key sorts by time of creation. No index touches a column that a rotation changes.
CREATE TABLE jeton_family (
    key BYTEA NOT NULL PRIMARY KEY,
    kind SMALLINT NOT NULL,
    user_id BIGINT NULL REFERENCES auth_user (id) ON DELETE SET NULL,
    generation BIGINT NOT NULL,
    consumed_below BIGINT NOT NULL,
    rotated_at BIGINT NULL,
    rotated_by BYTEA NULL,
    late_generation BIGINT NULL,
    late_at BIGINT NULL,
    late_run SMALLINT NULL,
    in_use BIGINT NULL,
    marked BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    token_expires_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT NULL,
    revoke_reason TEXT NULL,
    origin_jti TEXT COLLATE "C" NULL
) WITH (fillfactor = 70);

CREATE INDEX jeton_family_user ON jeton_family (user_id);

CREATE UNIQUE INDEX jeton_family_origin ON jeton_family (origin_jti) WHERE origin_jti IS NOT NULL;

-- What a login tells about its device: beside the family, so that the row that rotates stays small.
CREATE TABLE jeton_family_device (
    key BYTEA NOT NULL PRIMARY KEY REFERENCES jeton_family (key) ON DELETE CASCADE,
    agent BYTEA NULL,
    user_agent TEXT NULL,
    address TEXT NULL
);
