SELECT g.id, c.scope
FROM oregional_authorization g
JOIN oauth_consent c ON c.grant_id = g.id
WHERE g.user_id = $1 AND g.application_id = $2 AND c.uri_id = $3
