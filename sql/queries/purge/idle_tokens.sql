-- Refresh tokens without an expiry that nobody has used for as long as oregional.idle_expiry says of their
-- application, or of all. What is refused may come back when the parameter is mended, what is gone does not: an odd
-- value, which refuses after a day (oauth/rotate.sql), takes nothing away, nor does one that is a day young.
DELETE FROM oauth_token
WHERE hash IN (
    SELECT t.hash
    FROM oauth_token t
    JOIN oauth_family f ON f.id = t.family_id
    JOIN oregional_application a ON a.id = f.application_id
    -- Sooner than the shortest of them none goes: the index finds those.
    WHERE t.expires_at IS NULL AND t.kind = 'r' AND t.used_at IS NULL
      AND t.issued_at < $1::timestamp - (
          SELECT CASE WHEN bool_and(i.write_date < $1::timestamp)
                      THEN min(CASE WHEN btrim(i.value) !~ '\D' AND length(btrim(i.value)) BETWEEN 1 AND 9 THEN nullif(i.value::int, 0) END) END
          FROM ir_config_parameter i WHERE i.key LIKE 'oregional.idle\_expiry%') * interval '1 second'
      AND t.issued_at + nullif((
          SELECT CASE WHEN btrim(i.value) !~ '\D' AND length(btrim(i.value)) BETWEEN 1 AND 9 THEN i.value::int END FROM ir_config_parameter i
          WHERE i.key IN ('oregional.idle_expiry', 'oregional.idle_expiry.' || a.client_id)
          ORDER BY length(i.key) DESC LIMIT 1), 0) * interval '1 second' < $1::timestamp
    LIMIT $2)
