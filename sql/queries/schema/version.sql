-- The newest migration that the database has seen.
SELECT COALESCE(max(version), 0)::int8 FROM refinery_schema_history
