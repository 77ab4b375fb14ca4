DELETE FROM oauth_request WHERE hash IN (SELECT hash FROM oauth_request WHERE expires_at < $1 LIMIT $2)
