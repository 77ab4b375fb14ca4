DELETE FROM oauth_token WHERE hash IN (SELECT hash FROM oauth_token WHERE expires_at < $1 LIMIT $2)
