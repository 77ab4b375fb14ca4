-- What OAuth 2.0 keeps. Codes and tokens are here as SHA-256 alone: a dump opens nothing. The rows name
-- applications, users and grants by id without a constraint: whoever uses a row joins them, so that a
-- record that is gone or archived refuses at once, and deleting one never waits for a million tokens.

-- An authorization request that waits for sign-in or consent. Its id is known to one browser alone, and
-- good in one session alone; the consent form carries it and a token for one use, nothing else.
CREATE TABLE oauth_request (
    hash bytea PRIMARY KEY,
    session bytea NOT NULL,
    form_token bytea NOT NULL,
    application_id integer NOT NULL,
    uri_id integer NOT NULL,
    -- Whether the request named the URI; an exchange then has to name it as well.
    uri_named boolean NOT NULL,
    scope text NOT NULL,
    state text,
    challenge text,
    -- Which face asked, and so in which form a refusal goes back.
    face text NOT NULL,
    expires_at timestamp NOT NULL
);
CREATE INDEX oauth_request_expiry ON oauth_request (expires_at);

-- What a user has allowed: for the application as a whole (uri_id 0), or for one URI that is
-- authorized individually. The record oregional.authorization reports; this allows.
CREATE TABLE oauth_consent (
    grant_id integer NOT NULL,
    uri_id integer NOT NULL,
    scope text NOT NULL,
    given_at timestamp NOT NULL,
    PRIMARY KEY (grant_id, uri_id)
);

-- One code exchange and all that was refreshed from it.
CREATE TABLE oauth_family (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- The code that it came from; the second use of that code is noticed by it.
    code_hash bytea NOT NULL UNIQUE,
    grant_id integer NOT NULL,
    application_id integer NOT NULL,
    user_id integer NOT NULL,
    scope text NOT NULL,
    created_at timestamp NOT NULL,
    revoked_at timestamp
);
CREATE INDEX oauth_family_grant ON oauth_family (grant_id);
CREATE INDEX oauth_family_user ON oauth_family (user_id) WHERE revoked_at IS NULL;
CREATE INDEX oauth_family_application ON oauth_family (application_id) WHERE revoked_at IS NULL;

CREATE TABLE oauth_code (
    hash bytea PRIMARY KEY,
    grant_id integer NOT NULL,
    application_id integer NOT NULL,
    user_id integer NOT NULL,
    uri_id integer NOT NULL,
    redirect_uri text NOT NULL,
    uri_named boolean NOT NULL,
    scope text NOT NULL,
    challenge text,
    -- The credentials at the time of issue: a new secret or id refuses the codes of the old one.
    client_id text NOT NULL,
    client_secret_lookup bytea,
    -- The visible oregional.authorization.code, kept as long as the application says.
    record_id integer NOT NULL,
    address text NOT NULL,
    issued_at timestamp NOT NULL,
    expires_at timestamp NOT NULL,
    used_at timestamp,
    revoked_at timestamp
);
CREATE INDEX oauth_code_user ON oauth_code (user_id) WHERE used_at IS NULL;
CREATE INDEX oauth_code_grant ON oauth_code (grant_id) WHERE used_at IS NULL;
CREATE INDEX oauth_code_expiry ON oauth_code (expires_at);

-- Access tokens ('a') and refresh tokens ('r'). A generation has one of each.
CREATE TABLE oauth_token (
    hash bytea PRIMARY KEY,
    family_id bigint NOT NULL REFERENCES oauth_family ON DELETE CASCADE,
    kind "char" NOT NULL,
    generation integer NOT NULL,
    -- Of an access token, where it may less than its family.
    scope text,
    issued_at timestamp NOT NULL,
    -- Never, where there is none.
    expires_at timestamp,
    -- When an access token opened a door first, or when a refresh token was exchanged for its successor.
    used_at timestamp,
    revoked_at timestamp
);
CREATE UNIQUE INDEX oauth_token_generation ON oauth_token (family_id, generation, kind);
CREATE INDEX oauth_token_expiry ON oauth_token (expires_at);

-- Failures by a hash of who failed at what, in a window of time.
CREATE TABLE rate_limit (
    key bytea PRIMARY KEY,
    failures integer NOT NULL,
    ends_at timestamp NOT NULL
);
CREATE INDEX rate_limit_end ON rate_limit (ends_at);
