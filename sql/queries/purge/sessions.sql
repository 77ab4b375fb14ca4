DELETE FROM web_session WHERE id IN (SELECT id FROM web_session WHERE expires_at < $1 LIMIT $2)
