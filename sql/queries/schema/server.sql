SELECT current_setting('server_version_num')::int, pg_encoding_to_char(encoding)::text, datcollate::text, datctype::text
FROM pg_database
WHERE datname = current_database()
