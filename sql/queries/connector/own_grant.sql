SELECT g.id, g.create_date::text
FROM oregional_authorization g
WHERE g.user_id = $1 AND g.application_id = $2
  AND EXISTS (SELECT FROM oauth_consent c WHERE c.grant_id = g.id)
