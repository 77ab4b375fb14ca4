SELECT relname::text
FROM pg_class
WHERE relnamespace = current_schema()::regnamespace AND relkind = 'i'
