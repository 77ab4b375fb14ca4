-- What housekeeping looks for has an index, so that a round that finds nothing reads next to nothing. None of
-- them is on a column that a refresh changes.
CREATE INDEX oauth_family_created ON oauth_family (created_at);
CREATE INDEX oauth_token_lasting ON oauth_token (issued_at) WHERE expires_at IS NULL;
