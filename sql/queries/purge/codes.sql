-- Codes that were never used, and used ones whose family is gone: no second use has to be noticed. They stay
-- as long as the visible record does, and tell where the code was asked for.
DELETE FROM oauth_code
WHERE hash IN (SELECT c.hash
               FROM oauth_code c
               WHERE c.expires_at < $1
                 AND NOT EXISTS (SELECT FROM oauth_family f WHERE f.code_hash = c.hash)
                 AND NOT EXISTS (SELECT FROM oregional_authorization_code r WHERE r.id = c.record_id)
               LIMIT $2)
