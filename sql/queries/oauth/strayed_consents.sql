-- What was allowed for single URIs that their grants no longer have.
DELETE FROM oauth_consent AS c
WHERE c.grant_id = ANY($1) AND c.uri_id <> 0
  AND NOT EXISTS (SELECT FROM oregional_application_uri_oregional_authorization_rel l
                  WHERE l.oregional_authorization_id = c.grant_id AND l.oregional_application_uri_id = c.uri_id)
