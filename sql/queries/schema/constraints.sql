SELECT conname::text, confdeltype::text
FROM pg_constraint
WHERE connamespace = current_schema()::regnamespace
