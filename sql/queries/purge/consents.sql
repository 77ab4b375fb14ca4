-- What was allowed under a grant that is gone.
DELETE FROM oauth_consent
WHERE given_at < $1
  AND grant_id IN (SELECT c.grant_id
                   FROM oauth_consent c
                   WHERE NOT EXISTS (SELECT FROM oregional_authorization g WHERE g.id = c.grant_id)
                   LIMIT $2)
