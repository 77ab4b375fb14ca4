-- The one exchange of a code: whoever finds it unused makes the family and its first pair. Records are named by
-- a value, not by a join: a plan that was made when a table had few rows would read all of them ever after.
WITH spent AS (
    UPDATE oauth_code AS c SET used_at = $2::timestamp
    FROM oregional_application a, oregional_application_uri u, oregional_authorization g, res_users p
    WHERE c.hash = $1 AND c.used_at IS NULL AND c.revoked_at IS NULL AND c.expires_at > $2::timestamp
      AND c.application_id = $3
      AND (c.redirect_uri = ANY($4::text[]) OR (cardinality($4::text[]) = 0 AND NOT c.uri_named))
      AND c.challenge IS NOT DISTINCT FROM $5
      AND a.id = c.application_id AND a.active AND a.client_id = c.client_id
      AND a.client_secret_lookup IS NOT DISTINCT FROM c.client_secret_lookup
      AND u.id = c.uri_id AND u.active AND u.uri = c.redirect_uri AND u.application_id = c.application_id
      AND g.id = c.grant_id
      AND p.id = c.user_id AND p.active
    RETURNING c.hash, c.grant_id, c.application_id, c.user_id, c.scope, c.record_id, a.access_token_expiry,
              a.refresh_token_expiry, a.authorization_code_retain, p.login, a.name->>'en_US' AS application_name
), family AS (
    INSERT INTO oauth_family (code_hash, grant_id, application_id, user_id, scope, created_at)
    SELECT hash, grant_id, application_id, user_id, scope, $2::timestamp FROM spent
    RETURNING id
), made AS (
    INSERT INTO oauth_token (hash, family_id, kind, generation, issued_at, expires_at)
    SELECT token.hash, family.id, token.kind, 1, $2::timestamp, token.expires_at
    FROM family, spent,
         LATERAL (VALUES ($6::bytea, 'a'::"char", $2::timestamp + spent.access_token_expiry * interval '1 second'),
                         ($7::bytea, 'r', CASE WHEN spent.refresh_token_expiry > 0
                                               THEN $2::timestamp + spent.refresh_token_expiry * interval '1 second' END))
             AS token (hash, kind, expires_at)
), reported AS (
    UPDATE oregional_authorization AS g
    SET access_token_expiry = greatest(g.access_token_expiry, $2::timestamp + spent.access_token_expiry * interval '1 second'),
        refresh_token_expiry = CASE WHEN spent.refresh_token_expiry > 0
            THEN greatest(g.refresh_token_expiry, $2::timestamp + spent.refresh_token_expiry * interval '1 second')
            ELSE timestamp '9999-12-31 23:59:59' END,
        last_used = $2::timestamp
    FROM spent WHERE g.id = (SELECT grant_id FROM spent)
), kept AS (
    UPDATE oregional_authorization_code AS r SET used_at = $2::timestamp, active = false
    WHERE r.id = (SELECT record_id FROM spent WHERE authorization_code_retain > 0)
), dropped AS (
    DELETE FROM oregional_authorization_code AS r
    WHERE r.id = (SELECT record_id FROM spent WHERE authorization_code_retain = 0)
), told AS (
    INSERT INTO audit_log (event, outcome, user_id, user_name, application_id, application_name, address, user_agent,
                           create_uid, create_date, write_uid, write_date)
    SELECT 'issue_token', 'done', user_id, login, application_id, application_name, $8::text, $9::text, user_id, $2, user_id, $2
    FROM spent
)
SELECT scope, access_token_expiry FROM spent
