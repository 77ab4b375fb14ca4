-- Lets the record of a token's grant tell of the latest expiry of what is still good.
UPDATE oregional_authorization AS g
SET access_token_expiry = live.access, refresh_token_expiry = live.refresh
FROM (SELECT f.grant_id,
             max(t.expires_at) FILTER (WHERE t.kind = 'a') AS access,
             max(coalesce(t.expires_at, timestamp '9999-12-31 23:59:59')) FILTER (WHERE t.kind = 'r') AS refresh
      FROM oauth_family f
      LEFT JOIN oauth_family g ON g.grant_id = f.grant_id AND g.revoked_at IS NULL
      LEFT JOIN oauth_token t ON t.family_id = g.id AND t.revoked_at IS NULL AND (t.kind = 'a' OR t.used_at IS NULL)
          AND (t.expires_at IS NULL OR t.expires_at > $2)
      WHERE f.id = (SELECT family_id FROM oauth_token WHERE hash = $1) OR f.code_hash = $1
      GROUP BY f.grant_id) AS live
WHERE g.id = live.grant_id
