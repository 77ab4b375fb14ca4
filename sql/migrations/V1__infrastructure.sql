-- What no model declares: sessions, and what the server must know of its own database.

-- A signed-in browser or script. The cookie's value is not here, only its SHA-256: a dump of the
-- database opens no session. Anonymous sessions are not stored at all.
CREATE TABLE web_session (
    id bytea PRIMARY KEY,
    user_id integer NOT NULL,
    created_at timestamp NOT NULL,
    expires_at timestamp NOT NULL
);
CREATE INDEX web_session_user ON web_session (user_id);
CREATE INDEX web_session_expiry ON web_session (expires_at);

-- One row a fact: the fingerprint of the declared models (a start compares it and leaves the
-- catalogue alone when it is the same), and the fingerprint of the key that seals secrets.
CREATE TABLE server_fact (
    name text PRIMARY KEY,
    value text NOT NULL
);

-- Password hashes, in passlib's format. They stand apart from res_users, so that no field and no
-- method of the records can reach them.
CREATE TABLE user_password (
    user_id integer PRIMARY KEY,
    hash text NOT NULL
);

-- child_of and parent_of by a name: whether the name finds a record is known within the statement
-- alone, and only then it matters that the model has no hierarchy.
CREATE FUNCTION refuse_hierarchy(model text) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Records of ''%'' have no parent: child_of and parent_of do not fit.', model
        USING ERRCODE = 'invalid_parameter_value';
END
$$;
