-- Codes that were never used, and used ones whose family is gone: no second use has to be noticed.
DELETE FROM oauth_code
WHERE hash IN (SELECT c.hash
               FROM oauth_code c
               WHERE c.expires_at < $1
                 AND NOT EXISTS (SELECT FROM oauth_family f WHERE f.code_hash = c.hash)
               LIMIT $2)
