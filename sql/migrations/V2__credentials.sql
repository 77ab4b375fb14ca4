-- What a client proves itself with at every call. Servers remember for some minutes that a secret was
-- right; each call asks whether that still holds, by the version of the password or the row of the key.

-- Grows with every new password. A hash that is only made stronger keeps its version.
ALTER TABLE user_password ADD COLUMN version bigint NOT NULL DEFAULT 1;

-- The SHA-256 of each API key, apart from res_users_apikeys, so that no field and no method of the
-- records can reach it. A key is 40 random characters: a quick hash cannot be searched.
CREATE TABLE api_key_secret (
    key_id integer PRIMARY KEY,
    hash bytea NOT NULL UNIQUE
);
