-- What there is at the moment, in one round trip: each count goes over an index.
SELECT version(),
       (SELECT count(*) FROM web_session WHERE expires_at > $1),
       (SELECT count(DISTINCT user_id) FROM web_session WHERE expires_at > $1),
       (SELECT count(*) FROM oauth_token t JOIN oauth_family f ON f.id = t.family_id AND f.revoked_at IS NULL
        WHERE t.kind = 'a' AND t.expires_at > $1 AND t.revoked_at IS NULL),
       (SELECT count(*) FROM oauth_family WHERE revoked_at IS NULL),
       -- Of the last day: the log may be of years.
       (SELECT count(*) FROM audit_log WHERE event = 'reuse' AND create_date > $1::timestamp - interval '1 day'),
       (SELECT count(*) FROM oregional_application WHERE active),
       (SELECT count(*) FROM pg_stat_activity WHERE application_name = 'oregional' AND datname = current_database()),
       pg_database_size(current_database())
