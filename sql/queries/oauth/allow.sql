-- The address that was shown has to be the one still, where the consent is for a single one. Its row is written to, so
-- that a change of it which does not see this consent meets it there, and runs again.
WITH shown AS (
    UPDATE oregional_application_uri SET write_date = write_date WHERE id = $3 AND uri = $9::text AND active
    RETURNING id
), known AS (
    INSERT INTO oregional_authorization AS g (user_id, application_id, create_uid, create_date, write_uid, write_date)
    SELECT $1, $2, $1, $5, $1, $5
    WHERE ($3::int = 0 OR EXISTS (SELECT FROM shown)) AND set_config('oregional.call', $8, true) <> ''
    ON CONFLICT (application_id, user_id) DO UPDATE SET write_uid = excluded.write_uid, write_date = excluded.write_date
    RETURNING g.id
), linked AS (
    INSERT INTO oregional_application_uri_oregional_authorization_rel (oregional_authorization_id, oregional_application_uri_id)
    SELECT id, $3::int FROM known WHERE $3::int <> 0
    ON CONFLICT DO NOTHING
), told AS (
    INSERT INTO audit_log (event, outcome, user_id, user_name, application_id, application_name, address, user_agent, details,
                           create_uid, create_date, write_uid, write_date)
    SELECT 'authorize', 'allowed', u.id, u.login, a.id, a.name->>'en_US', $6::text, $7::text, 'scope ' || $4::text, $1, $5, $1, $5
    FROM known, res_users u, oregional_application a
    WHERE u.id = $1 AND a.id = $2
)
INSERT INTO oauth_consent AS c (grant_id, uri_id, scope, given_at)
SELECT id, $3::int, $4::text, $5::timestamp FROM known
-- Two different ones together are both words.
ON CONFLICT (grant_id, uri_id) DO UPDATE
    SET scope = CASE WHEN c.scope = excluded.scope THEN c.scope ELSE 'read write' END, given_at = excluded.given_at
RETURNING c.grant_id, c.scope
