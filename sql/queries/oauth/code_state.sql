-- Of a code that could not be exchanged: whether it was used by this application too long ago for a mere repetition.
SELECT c.used_at IS NOT NULL AND c.used_at <= $3::timestamp
FROM oauth_code c
WHERE c.hash = $1 AND c.application_id = $2
