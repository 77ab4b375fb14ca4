-- Ends a token of this client: an access token by itself, a refresh token with all of its family.
WITH found AS (
    SELECT t.hash, t.kind, f.id, f.grant_id, f.user_id, f.application_id
    FROM oauth_token t
    JOIN oauth_family f ON f.id = t.family_id
    WHERE t.hash = $1 AND f.application_id = $2
), one AS (
    UPDATE oauth_token AS t SET revoked_at = $3::timestamp
    FROM found WHERE t.hash = found.hash AND t.revoked_at IS NULL
), family AS (
    UPDATE oauth_family AS f SET revoked_at = $3::timestamp
    FROM found WHERE f.id = found.id AND found.kind = 'r' AND f.revoked_at IS NULL
)
INSERT INTO audit_log (event, outcome, user_id, user_name, application_id, application_name, address, user_agent, details,
                       create_uid, create_date, write_uid, write_date)
SELECT 'revoke', 'done', p.id, p.login, a.id, a.name->>'en_US', $4::text, $5::text, 'by the application', 1, $3, 1, $3
FROM found
LEFT JOIN res_users p ON p.id = found.user_id
LEFT JOIN oregional_application a ON a.id = found.application_id
