-- How many servers use this database: each has one connection that hears of changes.
SELECT count(*)::int
FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'oregional listener' AND pid <> pg_backend_pid()
