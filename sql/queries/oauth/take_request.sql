WITH taken AS (
    DELETE FROM oauth_request
    WHERE hash = $1 AND session = $2 AND form_token = $3 AND expires_at > $4
    RETURNING application_id, uri_id, uri_named, scope, state, challenge, face
)
SELECT u.id, u.uri, u.authorize_individually, t.application_id, t.uri_named, t.scope, t.state, t.challenge, t.face
FROM taken t
JOIN oregional_application_uri u ON u.id = t.uri_id AND u.active
JOIN oregional_application a ON a.id = t.application_id AND a.active
