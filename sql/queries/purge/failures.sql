DELETE FROM rate_limit WHERE key IN (SELECT key FROM rate_limit WHERE ends_at < $1 LIMIT $2)
