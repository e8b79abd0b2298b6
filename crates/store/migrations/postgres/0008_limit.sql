-- Failed sign-ins with a name, by a keyed digest of it: those of strangers (device empty), and those of each device that
-- the account's owner has signed in with. What has expired counts for nothing. Times are microseconds since 1970.
CREATE TABLE jeton_login_limit (
    account BYTEA NOT NULL,
    device BYTEA NOT NULL,
    failures BIGINT NOT NULL,
    strikes SMALLINT NOT NULL,
    held_until BIGINT NULL,
    changed_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (account, device)
);

CREATE INDEX jeton_login_limit_expiry ON jeton_login_limit (expires_at);
