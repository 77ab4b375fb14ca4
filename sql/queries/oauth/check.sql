-- A token that is good now, of a family, an application, a user and a grant that are.
SELECT f.user_id, f.application_id, coalesce(t.scope, f.scope), t.kind::text, t.issued_at, t.expires_at, p.login, a.client_id,
       f.grant_id, t.used_at IS NULL, a.model_scheme_id
FROM oauth_token t
JOIN oauth_family f ON f.id = t.family_id AND f.revoked_at IS NULL
JOIN oregional_application a ON a.id = f.application_id AND a.active
JOIN oregional_authorization g ON g.id = f.grant_id
JOIN res_users p ON p.id = f.user_id AND p.active
WHERE t.hash = $1 AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > $2)
  AND (t.kind = 'a' OR (t.used_at IS NULL AND (t.issued_at + nullif((
      SELECT CASE WHEN btrim(i.value) !~ '\D' AND length(btrim(i.value)) BETWEEN 1 AND 9 THEN i.value::int ELSE 86400 END FROM ir_config_parameter i
      WHERE i.key IN ('oregional.idle_expiry', 'oregional.idle_expiry.' || a.client_id)
      ORDER BY length(i.key) DESC LIMIT 1), 0) * interval '1 second' > $2) IS NOT FALSE))
