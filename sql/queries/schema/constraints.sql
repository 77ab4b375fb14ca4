SELECT conname::text
FROM pg_constraint
WHERE connamespace = current_schema()::regnamespace
