-- Old generations of tokens that never expire: after so long nobody has kept one by mistake. None was used
-- before it was issued: the index finds those.
DELETE FROM oauth_token
WHERE hash IN (SELECT hash FROM oauth_token
               WHERE expires_at IS NULL AND issued_at < $1 AND used_at < $1 LIMIT $2)
