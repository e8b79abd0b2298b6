-- Sessions are told apart in public by an id that opens nothing, and remember the last login in them.
ALTER TABLE jeton_session
    ADD COLUMN id BYTEA NOT NULL DEFAULT uuid_send(gen_random_uuid()),
    ADD COLUMN renewed_at BIGINT NULL;

CREATE UNIQUE INDEX jeton_session_id ON jeton_session (id);
