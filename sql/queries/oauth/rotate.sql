-- The one rotation of a refresh token: its client is checked, and its successors are made, in one go.
WITH spent AS (
    UPDATE oauth_token AS t SET used_at = $2::timestamp
    FROM oauth_family f, oregional_application a, oregional_authorization g, res_users p
    WHERE t.hash = $1 AND t.kind = 'r' AND t.used_at IS NULL AND t.revoked_at IS NULL
      AND (t.expires_at IS NULL OR t.expires_at > $2::timestamp)
      -- Unused for longer than a system parameter says; an odd value of it counts as a day.
      AND (t.issued_at + nullif((
          SELECT CASE WHEN btrim(i.value) !~ '\D' AND length(btrim(i.value)) BETWEEN 1 AND 9 THEN i.value::int ELSE 86400 END FROM ir_config_parameter i
          WHERE i.key IN ('oregional.idle_expiry', 'oregional.idle_expiry.' || $3)
          ORDER BY length(i.key) DESC LIMIT 1), 0) * interval '1 second' > $2::timestamp) IS NOT FALSE
      AND f.id = t.family_id AND f.revoked_at IS NULL
      AND a.id = f.application_id AND a.active AND a.client_id = $3 AND a.client_secret_lookup = $4
      AND g.id = f.grant_id
      AND p.id = f.user_id AND p.active
      AND NOT EXISTS (SELECT FROM rate_limit l WHERE l.key = $7 AND l.failures >= $8 AND l.ends_at > $2::timestamp)
      -- What is asked may be less than what was granted, and never more.
      AND ($9::text IS NULL OR $9::text = f.scope OR (f.scope = 'read write' AND $9::text IN ('read', 'write')))
    RETURNING t.family_id, t.generation, f.scope, f.grant_id, f.user_id, f.application_id, a.access_token_expiry,
              a.refresh_token_expiry, p.login, a.name->>'en_US' AS application_name
), made AS (
    INSERT INTO oauth_token (hash, family_id, kind, generation, scope, issued_at, expires_at)
    SELECT token.hash, spent.family_id, token.kind, spent.generation + 1, token.scope, $2::timestamp, token.expires_at
    FROM spent,
         LATERAL (VALUES ($5::bytea, 'a'::"char", $9::text, $2::timestamp + spent.access_token_expiry * interval '1 second'),
                         ($6::bytea, 'r', NULL, CASE WHEN spent.refresh_token_expiry > 0
                                                     THEN $2::timestamp + spent.refresh_token_expiry * interval '1 second' END))
             AS token (hash, kind, scope, expires_at)
), reported AS (
    UPDATE oregional_authorization AS g
    SET access_token_expiry = greatest(g.access_token_expiry, $2::timestamp + spent.access_token_expiry * interval '1 second'),
        refresh_token_expiry = CASE WHEN spent.refresh_token_expiry > 0
            THEN greatest(g.refresh_token_expiry, $2::timestamp + spent.refresh_token_expiry * interval '1 second')
            ELSE timestamp '9999-12-31 23:59:59' END,
        last_used = $2::timestamp
    FROM spent WHERE g.id = (SELECT grant_id FROM spent)
), told AS (
    INSERT INTO audit_log (event, outcome, user_id, user_name, application_id, application_name, address, user_agent,
                           create_uid, create_date, write_uid, write_date)
    SELECT 'refresh', 'done', user_id, login, application_id, application_name, $10::text, $11::text, user_id, $2, user_id, $2
    FROM spent
)
SELECT coalesce($9::text, scope), access_token_expiry FROM spent
