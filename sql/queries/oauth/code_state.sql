-- Of a code that was used by this application: whether that was too long ago for a mere repetition.
SELECT (c.used_at <= $3::timestamp)::int
FROM oauth_code c
WHERE c.hash = $1 AND c.application_id = $2 AND c.used_at IS NOT NULL
