-- What is needed to count over several nodes: in which tenths of its window the failures were (slots, empty in older rows),
-- the attempts under way, and until when those are waited for. known_until is of a device's row alone.
ALTER TABLE jeton_login_limit ADD COLUMN slots BLOB NULL;
ALTER TABLE jeton_login_limit ADD COLUMN pending BIGINT NOT NULL DEFAULT 0;
ALTER TABLE jeton_login_limit ADD COLUMN pending_until BIGINT NULL;
ALTER TABLE jeton_login_limit ADD COLUMN told_until BIGINT NULL;
ALTER TABLE jeton_login_limit ADD COLUMN known_until BIGINT NULL;
UPDATE jeton_login_limit SET known_until = expires_at WHERE length(device) > 0;

-- Failed sign-ins and sign-ups from an address, by a keyed digest of what is counted and where.
CREATE TABLE jeton_address_limit (
    address BLOB NOT NULL PRIMARY KEY,
    failures BIGINT NOT NULL,
    slots BLOB NULL,
    pending BIGINT NOT NULL,
    pending_until BIGINT NULL,
    told_until BIGINT NULL,
    changed_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
) WITHOUT ROWID;

CREATE INDEX jeton_address_limit_expiry ON jeton_address_limit (expires_at);
