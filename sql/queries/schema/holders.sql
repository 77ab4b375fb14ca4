-- Who has been using one of some tables, or one that these point to, for so many seconds: those named first come first.
WITH wanted AS (
    SELECT oid, array_position($1::text[], relname::text) AS place
    FROM pg_class
    WHERE relnamespace = current_schema()::regnamespace AND relname::text = ANY($1)
    UNION ALL
    SELECT fk.confrelid, cardinality($1::text[]) + 1
    FROM pg_constraint AS fk
    JOIN pg_class AS pointing ON pointing.oid = fk.conrelid
    WHERE fk.contype = 'f' AND fk.connamespace = current_schema()::regnamespace AND pointing.relname::text = ANY($1)
)
SELECT c.relname::text, coalesce(a.application_name, '')::text, coalesce(l.pid, 0)::integer
FROM wanted AS w
JOIN pg_class AS c ON c.oid = w.oid
JOIN pg_locks AS l ON l.relation = w.oid AND l.granted
LEFT JOIN pg_stat_activity AS a ON a.pid = l.pid
WHERE l.locktype = 'relation'
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND l.pid IS DISTINCT FROM pg_backend_pid()
  -- When others began is hidden from a role without the right to know.
  AND (a.xact_start IS NULL OR a.xact_start < clock_timestamp() - make_interval(secs => $2::bigint))
ORDER BY w.place, a.xact_start NULLS LAST
LIMIT 1
