SELECT c.relname::text, t.tgname::text, p.prosrc
FROM pg_trigger t
JOIN pg_class c ON c.oid = t.tgrelid
JOIN pg_proc p ON p.oid = t.tgfoid
WHERE c.relnamespace = current_schema()::regnamespace
  AND NOT t.tgisinternal
  AND t.tgenabled = 'O'
