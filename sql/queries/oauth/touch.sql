-- The first use of an access token, on which the life of its predecessor hangs.
WITH first AS (
    UPDATE oauth_token SET used_at = $1::timestamp WHERE hash = $2 AND used_at IS NULL
    RETURNING family_id, generation
), opened AS (
    UPDATE oauth_token AS r SET opened_at = $1::timestamp
    FROM first WHERE r.family_id = first.family_id AND r.generation = first.generation AND r.kind = 'r'
)
UPDATE oregional_authorization SET last_used = $1::timestamp WHERE id = $3
