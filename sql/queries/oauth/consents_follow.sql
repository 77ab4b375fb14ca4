-- What a user allowed goes with the grant: unlike tokens, few rows, found by the primary key. Made after the models'
-- tables, which migrations come before.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_constraint
                   WHERE conrelid = 'oauth_consent'::regclass AND conname = 'oauth_consent_grant') THEN
        DELETE FROM oauth_consent AS c
        WHERE NOT EXISTS (SELECT FROM oregional_authorization g WHERE g.id = c.grant_id);
        ALTER TABLE oauth_consent ADD CONSTRAINT oauth_consent_grant
            FOREIGN KEY (grant_id) REFERENCES oregional_authorization ON DELETE CASCADE;
    END IF;
END
$$
