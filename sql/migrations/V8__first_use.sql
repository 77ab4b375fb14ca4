-- When the access token of a generation opened a door first, on its refresh token, which outlives it: whether the
-- token before may come again hangs on that, also after the access token was purged.
ALTER TABLE oauth_token ADD COLUMN opened_at timestamp;
UPDATE oauth_token AS r SET opened_at = a.used_at
FROM oauth_token a
WHERE a.kind = 'a' AND a.used_at IS NOT NULL AND r.family_id = a.family_id AND r.generation = a.generation AND r.kind = 'r';
