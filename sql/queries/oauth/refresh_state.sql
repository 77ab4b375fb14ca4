-- A refresh token that could not be rotated, and its successors.
SELECT f.application_id,
       f.revoked_at IS NULL AND t.revoked_at IS NULL AND a.active AND p.active
           AND (t.expires_at IS NULL OR t.expires_at > $2::timestamp)
           AND (t.used_at IS NOT NULL OR (t.issued_at + nullif((
               SELECT CASE WHEN btrim(i.value) !~ '\D' AND length(btrim(i.value)) BETWEEN 1 AND 9 THEN i.value::int ELSE 86400 END FROM ir_config_parameter i
               WHERE i.key IN ('oregional.idle_expiry', 'oregional.idle_expiry.' || a.client_id)
               ORDER BY length(i.key) DESC LIMIT 1), 0) * interval '1 second' > $2::timestamp) IS NOT FALSE) AS is_good,
       t.used_at IS NOT NULL AS is_rotated,
       n.used_at IS NOT NULL OR n.hash IS NULL AS is_old_generation,
       coalesce(x.used_at, n.opened_at),
       f.scope,
       coalesce(x.scope, f.scope),
       -- Whose clock is behind that of the server which made it, is told no more than it was made for.
       greatest(0, coalesce(ceil(extract(epoch FROM x.expires_at - greatest($2::timestamp, x.issued_at))), 0))::int,
       x.revoked_at IS NOT NULL OR n.revoked_at IS NOT NULL AS is_revoked,
       -- Those made under a key that has been replaced cannot be told again; an access token that was purged can, as one
       -- that has expired.
       coalesce(x.hash = $3, true) AND n.hash = $4 AS can_be_told,
       f.user_id
FROM oauth_token t
JOIN oauth_family f ON f.id = t.family_id
JOIN oregional_application a ON a.id = f.application_id
JOIN oregional_authorization g ON g.id = f.grant_id
JOIN res_users p ON p.id = f.user_id
LEFT JOIN oauth_token n ON n.family_id = t.family_id AND n.generation = t.generation + 1 AND n.kind = 'r'
LEFT JOIN oauth_token x ON x.family_id = t.family_id AND x.generation = t.generation + 1 AND x.kind = 'a'
WHERE t.hash = $1 AND t.kind = 'r'
