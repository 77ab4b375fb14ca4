INSERT INTO oauth_request (hash, session, form_token, application_id, uri_id, uri_named, scope, state, challenge, face, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
