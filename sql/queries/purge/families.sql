-- Families that have ended, by revocation, by age, or with their grant.
DELETE FROM oauth_family
WHERE id IN (SELECT f.id
             FROM oauth_family f
             WHERE f.created_at < $1
               AND (f.revoked_at < $1
                    OR NOT EXISTS (SELECT FROM oauth_token t WHERE t.family_id = f.id)
                    OR NOT EXISTS (SELECT FROM oregional_authorization g WHERE g.id = f.grant_id))
             LIMIT $2)
