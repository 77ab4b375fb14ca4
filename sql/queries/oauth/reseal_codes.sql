-- Codes that wait for their exchange go on with the hash of the same secret under another key.
UPDATE oauth_code AS c SET client_secret_lookup = decode(n.lookup, 'hex')
FROM unnest($1::int[], $2::text[]) AS n (id, lookup)
JOIN oregional_application a ON a.id = n.id
WHERE c.application_id = n.id AND c.used_at IS NULL AND c.client_secret_lookup = a.client_secret_lookup
