-- A code and its visible record, if application, URI, user and grant are all still good, and the session in which
-- it is asked for. That one is written to: what ends the sessions of a user and does not see this code meets it
-- there, and runs again; and whoever comes after the end finds no session.
WITH asking AS (
    UPDATE web_session SET expires_at = $12::timestamp WHERE id = $11 AND user_id = $8 AND expires_at > $9
    RETURNING user_id
), record AS (
    INSERT INTO oregional_authorization_code (active, authorization_id, expiry, create_uid, create_date, write_uid, write_date)
    SELECT true, g.id, $9::timestamp + a.authorization_code_expiry * interval '1 second', g.user_id, $9, g.user_id, $9
    FROM oregional_authorization g
    JOIN oregional_application a ON a.id = g.application_id AND a.active
    JOIN oregional_application_uri u ON u.application_id = a.id AND u.active AND u.id = $3
    JOIN asking ON asking.user_id = g.user_id
    JOIN res_users p ON p.id = g.user_id AND p.active
    WHERE g.id = $2
    RETURNING id, authorization_id, expiry
), told AS (
    INSERT INTO audit_log (event, outcome, user_id, user_name, application_id, application_name, address, user_agent, details,
                           create_uid, create_date, write_uid, write_date)
    SELECT 'issue_code', 'done', p.id, p.login, a.id, a.name->>'en_US', $7::text, $10::text, u.uri, p.id, $9, p.id, $9
    FROM record r
    JOIN oregional_authorization g ON g.id = r.authorization_id
    JOIN oregional_application a ON a.id = g.application_id
    JOIN oregional_application_uri u ON u.id = $3
    JOIN res_users p ON p.id = g.user_id
)
INSERT INTO oauth_code (hash, grant_id, application_id, user_id, uri_id, redirect_uri, uri_named, scope, challenge,
                        client_id, client_secret_lookup, record_id, address, issued_at, expires_at)
SELECT $1, g.id, a.id, g.user_id, u.id, u.uri, $4, $5, $6, a.client_id, a.client_secret_lookup, r.id, coalesce($7::text, ''), $9, r.expiry
FROM record r
JOIN oregional_authorization g ON g.id = r.authorization_id
JOIN oregional_application a ON a.id = g.application_id
JOIN oregional_application_uri u ON u.id = $3
RETURNING redirect_uri
